"""Event loops in threads, one after the other, cancelled, and as servers that are asked by many at once."""

from __future__ import annotations

import asyncio
import threading
import time

import anyio
from tests.sdk.engine.stress.agent import agent, at_once, tool


def loops_in_threads() -> None:
    async def inside(number: int) -> int:
        await asyncio.sleep(0.001)
        return await asyncio.to_thread(tool, number)

    def worker(number: int) -> None:
        for turn in range(10):
            assert asyncio.run(inside(turn)) == turn + 1

    at_once(worker, 6)

    async def main() -> None:
        # A loop in a thread of its own, which another loop asks: what synchronous wrappers of async clients do.
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever)
        thread.start()
        try:
            for number in range(20):
                there = asyncio.run_coroutine_threadsafe(inside(number), loop)
                assert await asyncio.wrap_future(there) == number + 1
                assert asyncio.run_coroutine_threadsafe(inside(number), loop).result(30) == number + 1
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join(30)
            loop.close()

    asyncio.run(main())


def asyncio_servers() -> None:
    async def main() -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while line := await reader.readline():
                await asyncio.to_thread(tool, 1)
                writer.write(line)
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]

        async def ask(number: int) -> None:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            for _ in range(5):
                writer.write(b"%d\n" % number)
                assert await asyncio.wait_for(reader.readline(), 30) == b"%d\n" % number
            writer.close()
            await writer.wait_closed()

        await asyncio.gather(*(ask(number) for number in range(20)))
        server.close()

    asyncio.run(main())


def cancellations() -> None:
    async def main() -> None:
        async def one(number: int) -> None:
            async with asyncio.timeout(30):
                await asyncio.sleep(0.001 * (number % 5))
                await asyncio.to_thread(time.sleep, 0.001)
                await asyncio.sleep(10)

        for _ in range(20):
            tasks = [asyncio.create_task(one(number)) for number in range(10)]
            await asyncio.sleep(0.003)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            assert all(task.cancelled() for task in tasks)
        try:
            async with asyncio.TaskGroup() as group:
                for number in range(10):
                    group.create_task(one(number))
                raise ValueError
        except* ValueError:
            pass

    asyncio.run(main())


def runners() -> None:
    """Loops one after the other, and one used again and again, as test frameworks have them."""

    async def one(number: int) -> int:
        await asyncio.sleep(0.001)
        return await asyncio.to_thread(tool, number)

    for number in range(10):
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        assert loop.run_until_complete(one(number)) == number + 1
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
    with asyncio.Runner(debug=True) as runner:
        assert [runner.run(one(number)) for number in range(10)] == list(range(1, 11))
    for number in range(5):
        assert anyio.run(one, number) == number + 1


def server(loop: str = "asyncio") -> None:
    """A server of the agent's own that is asked by many threads at once, in its loop and in its worker threads."""
    import fastapi
    import requests
    import uvicorn

    app, busy = fastapi.FastAPI(), threading.Lock()

    @app.get("/tasks/{number}")
    async def in_tasks(number: int) -> int:
        await asyncio.sleep(0.002)
        return sum(await asyncio.gather(*(asyncio.to_thread(agent, number) for _ in range(2))))

    @app.get("/threads/{number}")
    def in_threads(number: int) -> int:
        with busy:
            time.sleep(0.001)
        return agent(number) * 2

    running = uvicorn.Server(uvicorn.Config(app, port=0, loop=loop, log_level="error"))
    thread = threading.Thread(target=running.run)
    thread.start()
    while not running.started:
        time.sleep(0.005)
    port = running.servers[0].sockets[0].getsockname()[1]
    answers: list[int] = []

    def ask(client: int) -> None:
        with requests.Session() as session:
            for turn in range(8):
                where = "tasks" if (client + turn) % 2 else "threads"
                answers.append(session.get(f"http://127.0.0.1:{port}/{where}/{client}", timeout=60).json())

    at_once(ask, 20)
    assert sorted(answers) == sorted(6 * (client + 1) for client in range(20) for _ in range(8))
    running.should_exit = True
    thread.join(30)
    assert not thread.is_alive()


def server_uvloop() -> None:
    server("uvloop")

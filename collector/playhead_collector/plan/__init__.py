"""How much disk, memory and CPU a load needs, from what the benches measured, with the arithmetic shown."""

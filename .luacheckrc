-- Prosody's module environment, as far as the connector uses it.
std = "lua52"
globals = { "module" }
read_globals = { "prosody" }
max_line_length = 140

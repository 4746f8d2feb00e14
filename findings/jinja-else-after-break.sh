#!/usr/bin/env bash
# Jinja2 3.1.6 (PyPI) with its extension for loop controls, as Home Assistant uses it; seen 2026-12-01.
#
# In Python, the `else` of a loop runs unless the loop was left by `break`. In Jinja it is documented to run if there was no item. In fact
# Jinja notes that there was an item at the end of the loop's body, so an item that ends with `break` or `continue` does not count: a
# search loop that finds what it looks for in the first item prints "not found" behind it, and one that finds it in the second does not.
#
# Output: the same loop over lists whose first, second, and no item is the wanted one.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check jinja2==3.1.6
"$dir/venv/bin/python" - <<'PY' | tee "$dir/out"
import jinja2

environment = jinja2.Environment(extensions=["jinja2.ext.loopcontrols"])
template = environment.from_string("{% for i in items %}{% if i == 'x' %}found {% break %}{% endif %}{% else %}not found{% endfor %}")
for items in (["x", "a"], ["a", "x"], ["a", "b"], []):
    print(items, "->", template.render(items=items))
skips = environment.from_string("{% for i in items %}{% continue %}{% else %}nothing{% endfor %}")
print("continue ->", skips.render(items=["a"]))
PY
diff "$dir/out" - <<'EOF2'
['x', 'a'] -> found not found
['a', 'x'] -> found 
['a', 'b'] -> 
[] -> not found
continue -> nothing
EOF2
echo "as seen"

#!/usr/bin/env bash
# Jinja2 3.1.6 (PyPI), seen 2026-12-01.
#
# Jinja computes what it can while it compiles, and writes the result into the Python code that it generates as the value's `repr`. The
# `repr` of infinity and of not-a-number is no literal but a bare name, `inf` and `nan`, which does not exist there. So a template that
# compares a variable with `'inf' | float`, or with a number such as `1e400`, compiles, and fails with a NameError whenever it is
# rendered, while the same expression without a variable is computed as a whole and works. Home Assistant's templates do the same:
# "a minimum that starts at infinity" is an error there.
#
# Output: what each template renders to, with x = 5.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check jinja2==3.1.6
"$dir/venv/bin/python" - <<'PY' | tee "$dir/out"
import jinja2

for template in ["{{ 'inf' | float }}", "{{ 5 < 'inf' | float }}", "{{ x < 'inf' | float }}", "{{ x < 1e400 }}", "{{ x == 'nan' | float }}"]:
    try:
        result = jinja2.Environment().from_string(template).render(x=5)
    except NameError as error:
        result = f"NameError: {error}"
    print(f"{template}  ->  {result}")
PY
diff "$dir/out" - <<'EOF2'
{{ 'inf' | float }}  ->  inf
{{ 5 < 'inf' | float }}  ->  True
{{ x < 'inf' | float }}  ->  NameError: name 'inf' is not defined
{{ x < 1e400 }}  ->  NameError: name 'inf' is not defined
{{ x == 'nan' | float }}  ->  NameError: name 'nan' is not defined
EOF2
echo "as seen"

# Sourced by scripts that look at what is locked or at the workflows: makes .venv-supply from requirements/supply.txt,
# unless it is there already.
root=$(cd -- "$(dirname -- "$0")/.." && pwd)
"$root/scripts/prepare"
supply="$root/.venv-supply/bin"
if ! cmp -s "$root/requirements/supply.txt" "$root/.venv-supply/made-from.txt"; then
    "$root/.venv/bin/uv" venv --quiet --clear --python "$root/.venv/bin/python" "$root/.venv-supply"
    "$root/.venv/bin/uv" pip install --quiet --no-config --no-cache --system-certs --python "$supply/python" \
        --require-hashes -r "$root/requirements/supply.txt"
    cp "$root/requirements/supply.txt" "$root/.venv-supply/made-from.txt"
fi

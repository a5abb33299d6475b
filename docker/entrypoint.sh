#!/bin/sh
# Runs a command, after it has prepared two things that the command may need.
set -eu

# Copy the database's password from its secret to a file that libpq reads. It is in no variable and no argument.
secret=${SCYC_PASSWORD_FILE:-/run/secrets/postgres_password}
if [ -r "$secret" ]; then
    export PGPASSFILE="${PGPASSFILE:-$HOME/.pgpass}"
    password=$(head -n 1 "$secret" | tr -d "\r" | sed 's/[\\:]/\\&/g')
    (umask 077 && printf '*:*:*:*:%s\n' "$password" > "$PGPASSFILE")
fi

# A driver talks to the cluster through a Ray node on its own machine. This node has no processors and trains nothing.
if [ -n "${RAY_JOIN:-}" ]; then
    ray start --address="$RAY_JOIN" --num-cpus=0 --num-gpus=0 >&2
fi

exec "$@"

#!/bin/sh
# Trains one trial without Python: fits a line by gradient descent in awk, a weight for each of 20 inputs, a few of which
# count. Started with $SCYC_TRIAL, the path of the trial's file. That is JSON with one key per line, so sed reads it.
set -eu
field() { sed -n "s/^ \"$1\": *//p" "$SCYC_TRIAL" | sed 's/,$//; s/^"\(.*\)"$/\1/'; }

out=$(field out) parent=$(field parent) # "null" at level 0
weights=/dev/null
[ "$parent" = null ] || weights=$parent/weights

# "lr" is the learning rate after 0/1000, 1/1000, ..., 1000/1000 of the training: a number per line.
sed -n '/^ "lr": \[/,/^ \]/s/^  \([^,]*\).*/\1/p' "$SCYC_TRIAL" >"$out/lr"

awk -v density="$(field density)" -v seed="$(field seed)" -v reports="$(field reports)" -v out="$out" '
    FILENAME ~ /lr$/ { lr[nlr++] = $1; next }
    { w[$1] = $2 }                                   # what the level before left
    function example(   j) {                         # draw one: x[1..20] and y
        y = 0.1 * (rand() - 0.5)
        for (j = 1; j <= 20; j++) { x[j] = 2 * rand() - 1; y += x[j] * (j <= 5) * j / 5 }
        error = -y
        for (j in w) error += w[j] * x[j]
    }
    function validate(   i, sum) {
        srand(1000)
        for (i = 0; i < 200; i++) { example(); sum += error * error }
        return sum / 200
    }
    END {
        if (!length(w)) for (j = 1; j <= 20; j++) w[j] = 0
        while (length(w) > int(20 * density + 0.5)) { # prune the smallest weight
            least = ""
            for (j in w) if (least == "" || w[j] ^ 2 < w[least] ^ 2) least = j
            delete w[least]
        }
        for (epoch = 0; epoch < 4; epoch++) {
            srand(seed + epoch)
            for (i = 0; i < 100; i++) {
                example()
                for (j in w) w[j] -= lr[int((epoch * 100 + i) / 400 * 1000)] * error * x[j]
            }
            val = validate()
            if (val != val || val > 1e30) { val = "null"; epoch = 4 } # JSON knows no NaN
            printf "{\"step\": %d, \"val\": %s}\n", epoch, val >reports
        }
        for (j in w) print j, w[j] >(out "/weights")
        print "{\"val\": " val "}"
    }
' "$out/lr" "$weights" >"$(field result)"
rm "$out/lr"

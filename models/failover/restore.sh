#!/bin/sh
# Brings a project back on a freshly started engine, from what persist-standby.sh left; the engine joins as a standby and catches up.
#
#     restore.sh PROJECT MODEL DIRECTORY HOST:PORT
#
# MODEL is a file on this machine, DIRECTORY a path on the engine's. The model is loaded without a start, the state restored, the project
# started, then its connectors. After an error nothing more is done: a project whose state could not be restored does not run. Exit code
# 0: restored and running. 1: an error; standard error says which. 2: wrong usage.

program=${0##*/}
# shellcheck source=engine.sh
. "$(dirname "$0")/engine.sh"

if [ $# -ne 4 ]; then
    say "usage: $program PROJECT MODEL DIRECTORY HOST:PORT"
    exit 2
fi
project=$1
model=$2
directory=$3
url=http://$4/SASESP/projects/$1
[ -r "$model" ] || die "$model cannot be read"

put "$url?start=false" "$model" || die "$4: not loaded: $answer"
put "$url/state?value=restored&path=$(encoded "$directory")" || die "$4: not restored: $answer"
put "$url/state?value=running" || die "$4: not started: $answer"
put "$url/state?value=connectorsStarted" || die "$4: connectors not started: $answer"
printf '%s\n' "project $project restored from $directory on $4"

#!/bin/sh
# Persists a project on one standby engine of a failover group; made for cron.
#
#     persist-standby.sh PROJECT DIRECTORY HOST:PORT...
#
# HOST:PORT are the admin interfaces of all engines of the group. The first one that runs the project and answers primary-server="false"
# is taken: the project is stopped there, persisted into DIRECTORY (a path on the engine's machine), started, and its connectors are
# started. The active engine is never touched: the role is asked again right before the stop. Whatever fails, the project is started
# again. Exit code 0: persisted, and running again. 1: anything else; standard error says what. 2: wrong usage.

program=${0##*/}
# shellcheck source=engine.sh
. "$(dirname "$0")/engine.sh"

if [ $# -lt 3 ]; then
    say "usage: $program PROJECT DIRECTORY HOST:PORT..."
    exit 2
fi
project=$1
directory=$2
shift 2

# role ADDRESS: sets $role to active, standby, or why it is not known.
role() {
    if ! get "http://$1/SASESP/server?config=true"; then
        role="no answer: $answer"
        return
    fi
    case $answer in
        *'role="held"'*) role='it is active and holds its output: ZooKeeper does not answer it' ;;
        *'primary-server="false"'*) role=standby ;;
        *'primary-server="true"'*) role=active ;;
        *) role="no primary-server in its answer: $answer" ;;
    esac
}

# state ADDRESS VALUE: PUT of the project's state.
state() {
    put "http://$1/SASESP/projects/$project/state?value=$2"
}

standby=
for address in "$@"; do
    role "$address"
    case $role in
        active) continue ;;
        standby) ;;
        *)
            say "$address: $role"
            continue
            ;;
    esac
    if ! get "http://$address/SASESP/runningProjects"; then
        say "$address: $answer"
        continue
    fi
    case $answer in
        *"<project name=\"$project\""*)
            standby=$address
            break
            ;;
        *) say "$address: project $project does not run there" ;;
    esac
done
[ -n "$standby" ] || die "no standby runs project $project; nothing was persisted"

role "$standby"
[ "$role" = standby ] || die "$standby is no standby any more ($role); nothing was persisted"

failed=
if state "$standby" stopped; then
    state "$standby" "persisted&path=$(encoded "$directory")" || failed="$standby: not persisted: $answer"
else
    failed="$standby: not stopped: $answer"
fi
state "$standby" running || failed="${failed:+$failed
}$standby: NOT RUNNING: $answer"
state "$standby" connectorsStarted || failed="${failed:+$failed
}$standby: CONNECTORS NOT STARTED: $answer"
[ -z "$failed" ] || die "$failed"
printf '%s\n' "project $project of $standby persisted to $directory"

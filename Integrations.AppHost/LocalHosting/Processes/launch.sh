# Started as: sh -c <this text> sh RECORD SIGNAL DIRECTORY PROGRAM [ARGUMENT...]
# Writes down who this process is before it becomes PROGRAM: exec keeps the pid and the start time, so there is no moment at which
# the program runs unrecorded, even when the application host is killed right after the fork.
# SIGNAL is the one that asks PROGRAM to end in good order.
# DIRECTORY, when given, is opened as descriptor 9 while this is still the caller's user: a server that runs as another user reaches its
# data through /proc/self/fd/9 although it may not enter the directories above.
set -eu
record=$1
signal=$2
directory=$3
shift 3
field22() {
  # /proc/PID/stat is "42 (sh) S 1 42 42 ..."; what follows the last ") " begins with field 3.
  set -- ${1##*) }
  shift 19
  start=$1
}
read -r stat < /proc/self/stat
field22 "$stat"
read -r boot < /proc/sys/kernel/random/boot_id
umask 077
printf '%s %s %s %s\n' "$$" "$start" "$boot" "$signal" > "$record"
if [ -n "$directory" ]; then
  exec 9< "$directory"
fi
exec "$@"

#!/usr/bin/env bash
# What action.yml runs. Its inputs are in variables, and never a part of a script: names of branches and titles are somebody else's.
set -euo pipefail
export LC_ALL=C.UTF-8

fail() {
  echo "::error title=Captures::$1"
  exit 1
}

# The command line, out of the action's own checkout: its dependencies, and its source as one file for any Node.js that it runs on.
root=$(cd "$(dirname "$0")/.." && pwd)
cli="$root/src/cli/dist/main.js"
install() {
  [ -f "$cli" ] && return
  command -v npm > /dev/null || fail "There is no Node.js here: put actions/setup-node before this step"
  echo "::group::Install the command line"
  (
    cd "$root"
    npm ci --workspace src/cli --ignore-scripts --no-audit --no-fund --loglevel=error
    node_modules/.bin/esbuild src/cli/main.ts --bundle --packages=external --platform=node --format=esm --target=node20 \
      --outfile="$cli" --log-level=warning
  )
  echo "::endgroup::"
}
captures() { node "$cli" "$@"; }

# Prints what a command prints, while the runner takes no line of it for a command of its own: statements have any text.
quoted() {
  local word status=0
  word="captures-$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')"
  echo "::stop-commands::$word"
  "$@" || status=$?
  echo "::$word::"
  return "$status"
}

output() { printf '%s=%s\n' "$1" "$2" >> "$GITHUB_OUTPUT"; }

# A label's value, which has at most 100 characters.
value() { printf '%s' "${1:0:100}"; }

branch=$(value "${GITHUB_HEAD_REF:-$GITHUB_REF_NAME}")
repository=$(value "$GITHUB_REPOSITORY")
load=$(value "$IN_LOAD")

# What the capture is to be: the options of captures start and captures run.
options() {
  [ -n "$IN_ENV" ] || fail "The input env is missing: which environment to capture"
  local name="$IN_NAME" line
  [ -n "$name" ] || name="$load, $GITHUB_REPOSITORY run $GITHUB_RUN_ID.$GITHUB_RUN_ATTEMPT"
  options=(--env "$IN_ENV" --name "${name:0:100}" --for "$IN_FOR" --log "$IN_LOG")
  [ -z "$IN_MIN_DURATION" ] || options+=(--min-duration "$IN_MIN_DURATION")
  [ -z "$IN_REDACT" ] || options+=(--redact "$IN_REDACT")
  options+=(--label "repository=$repository" --label "branch=$branch" --label "commit=$GITHUB_SHA" --label "load=$load")
  while IFS= read -r line; do
    line="${line#"${line%%[![:space:]]*}"}"
    [ -z "$line" ] || options+=(--label "$line")
  done <<< "$IN_LABELS"
}

# The id in a file, which is one or is not there.
id_in() {
  local id=""
  [ -f "$1" ] && IFS= read -r id < "$1"
  [[ "$id" =~ ^[1-9][0-9]{0,14}$ ]] && printf '%s' "$id"
}

# Runs a program that is told of the signals that this script gets: the runner sends them to the script alone.
with_signals() {
  local child status
  "$@" &
  child=$!
  trap 'kill -s INT "$child"' INT
  trap 'kill -s TERM "$child"' TERM
  while true; do
    status=0
    wait "$child" || status=$?
    # A signal ends the wait, not the program.
    kill -s 0 "$child" 2> /dev/null || break
  done
  trap - INT TERM
  return "$status"
}

run() {
  [ -n "$IN_RUN" ] || fail "The input run is missing: the command to run"
  local script id_file status=0 compared=0
  options
  script=$(mktemp "$RUNNER_TEMP/captures-run.XXXXXX")
  id_file="$script.id"
  printf '%s\n' "$IN_RUN" > "$script"
  # The command may be of a pull request: it gets no secret of this step.
  with_signals node "$cli" run "${options[@]}" --id-file "$id_file" -- \
    env -u CAPTURES_KEY -u IN_TOKEN -u IN_RUN bash --noprofile --norc -eo pipefail "$script" || status=$?
  id=$(id_in "$id_file") || fail "The capture could not be made"
  output capture-id "$id"
  # What failed may be worth comparing all the more.
  compare || compared=$?
  [ "$status" -ne 0 ] || status=$compared
  return "$status"
}

start() {
  local made
  options
  made=$(captures --json start "${options[@]}" --wait running)
  id=$(node -p 'JSON.parse(process.argv[1]).id' -- "$made")
  output capture-id "$id"
  echo "CAPTURES_ID=$id" >> "$GITHUB_ENV"
}

finish() {
  id="${IN_CAPTURE_ID:-${CAPTURES_ID:-}}"
  [[ "$id" =~ ^[1-9][0-9]{0,14}$ ]] || fail "Which capture? No step before has started one, and the input capture-id is none"
  output capture-id "$id"
  # It may have ended by itself.
  captures stop --wait -- "$id" || captures watch -- "$id"
  compare
}

compare() {
  local base="$IN_BASE" summary status=0 words
  [ -n "$base" ] || base="label:repository=$repository,branch=$(value "${DEFAULT_BRANCH:-main}"),load=$load"
  summary="$RUNNER_TEMP/captures-$id.md"
  words=(--if-any --markdown "$summary")
  [ -z "$IN_FAIL_ON" ] || words+=(--fail-on "$IN_FAIL_ON")
  quoted captures compare "${words[@]}" -- "$base" "$id" || status=$?
  [ -f "$summary" ] || return "$status"
  output summary "$summary"
  if [ "$status" -eq 3 ]; then output found true; elif [ "$status" -eq 0 ]; then output found false; fi
  cat "$summary" >> "$GITHUB_STEP_SUMMARY"
  if [ "$IN_COMMENT" = true ]; then
    GITHUB_TOKEN="$IN_TOKEN" quoted captures comment --if-any --name "$load" -- "$summary" ||
      echo "::warning title=Captures::The comment could not be written: the log of this step says why. The summary of this job has the same."
  fi
  [ "$status" -ne 3 ] || echo "::error title=Captures::fail-on has found something: see the summary of this job"
  return "$status"
}

[ -n "$CAPTURES_KEY" ] ||
  fail "There is no key. GitHub gives no secrets to pull requests of forks: leave this job out for them"
[[ "$IN_LOAD" =~ ^[A-Za-z0-9]([A-Za-z0-9._/\ -]{0,99})$ && "$IN_LOAD" != *--* ]] ||
  fail "The input load can have letters, digits, spaces, dots, slashes and single hyphens"
install
case "$IN_STEP" in
  run) run ;;
  start) start ;;
  finish) finish ;;
  *) fail "The input step has to be run, start or finish" ;;
esac

/*
 * The shells' scripts. Each gives the words that are typed to `captures complete`, and gets the first line `files` or `words`, and then
 * a word a line, with a tab before what it means. They are not a library's: those that exist hand the words to `eval`, and names to
 * `compgen -W`, so that an environment's name, which others may choose, could run commands.
 */

/** For bash 3.2 (macOS) and newer. */
const BASH = `# Completion of captures for bash: source <(captures completion bash)
_captures() {
  local kind='' value _ current="\${COMP_WORDS[COMP_CWORD]}"
  COMPREPLY=()
  while IFS=$'\\t' read -r value _; do
    if [ -z "$kind" ]; then
      kind=$value
      continue
    fi
    COMPREPLY+=("$(printf '%q' "$value")")
  done < <(captures complete -- "\${COMP_WORDS[@]:1:COMP_CWORD-1}" "\${current#[\\"\\']}" 2> /dev/null)
  if [ "$kind" = files ]; then
    compopt -o filenames 2> /dev/null
    while IFS= read -r value; do
      COMPREPLY+=("$value")
    done < <(compgen -f -- "$current")
  fi
}
complete -F _captures captures
`;

const ZSH = `#compdef captures
# Completion of captures for zsh: source <(captures completion zsh), or a file _captures in a folder of $fpath
_captures() {
  local kind line
  local -a lines described
  lines=("\${(@f)$(captures complete -- "\${(@Q)words[2,CURRENT]}" 2> /dev/null)}")
  kind=$lines[1]
  shift lines
  if [[ $kind == files ]]; then
    _files
    return
  fi
  for line in $lines; do
    described+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  _describe -t values captures described
}
if [[ $funcstack[1] == _captures ]]; then
  _captures "$@"
else
  compdef _captures captures
fi
`;

const FISH = `# Completion of captures for fish: captures completion fish > ~/.config/fish/completions/captures.fish
function __captures_complete
    set -l before (commandline -opc)
    set -e before[1]
    set -l current (commandline -ct)
    set -l lines (captures complete -- $before "$current" 2> /dev/null)
    if test "$lines[1]" = files
        __fish_complete_path "$current"
    else
        set -e lines[1]
        printf '%s\\n' $lines
    end
end
complete -c captures -f -a '(__captures_complete)'
`;

/** The script of each shell. */
export const COMPLETION_SCRIPTS = { bash: BASH, zsh: ZSH, fish: FISH } as const;

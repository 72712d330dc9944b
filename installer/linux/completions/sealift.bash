# bash completion for sealift(1)
_sealift() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  if [[ $previous == --data-dir || $previous == --screenshots ]]; then
    mapfile -t COMPREPLY < <(compgen -d -- "$current")
  elif [[ $current != -* ]]; then
    mapfile -t COMPREPLY < <(compgen -f -X '!*.sealift-@(vendor|bundle)' -- "$current"; compgen -d -- "$current")
  else
    mapfile -t COMPREPLY < <(compgen -W '--data-dir --offline --demo --stories --screenshots --help --version' -- "$current")
  fi
}
complete -o filenames -F _sealift sealift

# bash completion for sealiftctl(1)
_sealiftctl() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} word words=() choices
  local i
  COMPREPLY=()
  if [[ $previous == --data-dir ]]; then
    mapfile -t COMPREPLY < <(compgen -d -- "$current")
    return
  fi
  # The command so far, without options and their values.
  for ((i = 1; i < COMP_CWORD; ++i)); do
    word=${COMP_WORDS[i]}
    [[ ${COMP_WORDS[i - 1]} == --data-dir || $word == -* ]] || words+=("$word")
  done
  case "${words[*]}" in
    '') choices='device update release operator vendor driver station audit repo' ;;
    device) choices='list discover show add set remove' ;;
    update) choices='plan apply batch downgrade resume queue pause continue cancel retry work list show' ;;
    release) choices='list skip block pin unskip unblock unpin resume' ;;
    operator) choices='add list remove passwd role' ;;
    vendor) choices='add list refresh set import remove' ;;
    repo)
      choices='init key rotate-key delegate bins undelegate expiry renew add-model add-release add-lifecycle withdraw'
      choices+=' bundle publish request-signatures sign import-signatures refresh-timestamp status'
      ;;
    'repo key') choices='generate add replace revoke threshold list' ;;
    driver) choices='list show' ;;
    station) choices='key status policy mode limits window' ;;
    audit) choices='list show verify export head' ;;
    *)
      mapfile -t COMPREPLY < <(compgen -f -- "$current")
      return
      ;;
  esac
  [[ $current != -* ]] || choices='--data-dir --offline --json --help --version'
  mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$current")
}
complete -o filenames -F _sealiftctl sealiftctl

# fish completion for sealiftctl(1)
complete -c sealiftctl -l data-dir -x -a '(__fish_complete_directories)' -d 'Keep everything under this folder'
complete -c sealiftctl -l offline -d 'Open no network socket at all'
complete -c sealiftctl -l json -d 'Print JSON'
complete -c sealiftctl -l help -d 'Print the options'
complete -c sealiftctl -l version -d 'Print the version'
complete -c sealiftctl -n __fish_use_subcommand -f -a 'device update release operator vendor driver station audit repo'
complete -c sealiftctl -n '__fish_seen_subcommand_from device; and not __fish_seen_subcommand_from list discover show add set remove' \
  -f -a 'list discover show add set remove'
complete -c sealiftctl \
  -n '__fish_seen_subcommand_from update; and not __fish_seen_subcommand_from plan apply batch downgrade resume queue pause continue cancel retry work list show' \
  -f -a 'plan apply batch downgrade resume queue pause continue cancel retry work list show'
complete -c sealiftctl \
  -n '__fish_seen_subcommand_from vendor; and not __fish_seen_subcommand_from add list refresh set import remove' \
  -f -a 'add list refresh set import remove'
set -l repo_actions init key rotate-key delegate bins undelegate expiry renew add-model add-release add-lifecycle \
  withdraw bundle publish request-signatures sign import-signatures refresh-timestamp status
set -l key_actions generate add replace revoke threshold list
complete -c sealiftctl -n "__fish_seen_subcommand_from repo; and not __fish_seen_subcommand_from $repo_actions" \
  -f -a "$repo_actions"
complete -c sealiftctl -n "__fish_seen_subcommand_from key; and not __fish_seen_subcommand_from $key_actions" \
  -f -a "$key_actions"
complete -c sealiftctl -n '__fish_seen_subcommand_from driver; and not __fish_seen_subcommand_from list show' -f -a 'list show'
set -l release_actions list skip block pin unskip unblock unpin resume
complete -c sealiftctl \
  -n "__fish_seen_subcommand_from release; and not __fish_seen_subcommand_from $release_actions" -f -a "$release_actions"
complete -c sealiftctl \
  -n '__fish_seen_subcommand_from operator; and not __fish_seen_subcommand_from add list remove passwd role' \
  -f -a 'add list remove passwd role'
complete -c sealiftctl \
  -n '__fish_seen_subcommand_from station; and not __fish_seen_subcommand_from key status policy mode limits window' \
  -f -a 'key status policy mode limits window'
complete -c sealiftctl \
  -n '__fish_seen_subcommand_from audit; and not __fish_seen_subcommand_from list show verify export head' \
  -f -a 'list show verify export head'

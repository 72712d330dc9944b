# fish completion for sealift(1)
complete -c sealift -l data-dir -x -a '(__fish_complete_directories)' -d 'Keep everything under this folder'
complete -c sealift -l offline -f -d 'No network at all for this run'
complete -c sealift -l demo -f -d 'Open with virtual devices'
complete -c sealift -l stories -f -d 'Drive the demo through its stories'
complete -c sealift -l screenshots -x -a '(__fish_complete_directories)' -d 'Leave pictures in this folder'
complete -c sealift -l help -f -d 'Print the options'
complete -c sealift -l version -f -d 'Print the version'

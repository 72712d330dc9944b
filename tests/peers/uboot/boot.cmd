# Boot script of a device with two firmware slots: chooses the slot, tries a new one a counted number of times, goes
# back by itself, boots signed FIT images only. README.md beside it explains; Sealift's driver "uboot" keeps to it.
# Numbers are hexadecimal, as everywhere in U-Boot's shell.

# ---- where things are (blocks of 512 bytes) ----
setenv storage virtio
setenv storage_dev 0
setenv block_A 4000
setenv block_B 4800
setenv slot_blocks 800
setenv slot_bytes 100000
setenv state_block_0 5000
setenv state_block_1 5001
setenv factory_block 5002
setenv image_addr 44000000
setenv scratch_addr 43f00000

# ---- boot state: two copies, the one with the higher sequence number counts ----
setenv state_vars 'slot upgrade_available tries_left security_version state_seq'
setenv clear_state 'for v in ${state_vars}; do setenv ${v}; done'
setenv load_state 'run clear_state; mw.b ${scratch_addr} 0 200; ${storage} read ${scratch_addr} ${state_block} 1 && env import -c ${scratch_addr} 200 ${state_vars}'
# Always over the older copy: whenever the power goes, the newer one is still there.
setenv save_state 'setexpr state_seq ${state_seq} + 1; mw.b ${scratch_addr} 0 200; env export -c -s 200 ${scratch_addr} ${state_vars} && ${storage} write ${scratch_addr} ${older_block} 1 && run swap_copies'
setenv swap_copies 'setenv swap ${older_block}; setenv older_block ${newer_block}; setenv newer_block ${swap}'

# ---- one slot ----
# A legacy image has no device tree header: `fdt addr` refuses it, whatever signature is required of a FIT.
# The version is compared before the signature is checked, which bootm then does over the same memory.
setenv check_image 'fdt addr ${image_addr} && fdt header get image_size totalsize && itest ${image_size} -le ${slot_bytes} && fdt get value image_security / sealift,security-version && itest ${image_security} -ge ${security_version}'
setenv tell_firmware 'crc32 ${image_addr} ${image_size} ${scratch_addr}; setexpr.l image_crc *${scratch_addr}; setenv bootargs sealift.slot=${slot} sealift.trial=${upgrade_available} sealift.crc_le=${image_crc} sealift.board=${factory_board} sealift.revision=${factory_board_rev} sealift.serial=${factory_serial} sealift.security=${security_version} sealift.verified=${verified}'
setenv choose_block 'if test "${slot}" = B; then setenv slot_block ${block_B}; else setenv slot_block ${block_A}; fi'
# Returns only when the slot does not boot.
setenv boot_slot 'echo "Boot: slot ${slot}, trial ${upgrade_available}, tries left ${tries_left}"; run choose_block; ${storage} read ${image_addr} ${slot_block} ${slot_blocks} && run check_image && run tell_firmware && bootm ${image_addr}'
setenv other_slot 'if test "${slot}" = B; then setenv slot A; else setenv slot B; fi'
setenv go_back 'echo "Boot: slot ${slot} did not prove itself, going back"; run other_slot; setenv upgrade_available 0; setenv tries_left 0; run save_state'

# ---- now ----
${storage} dev ${storage_dev}
# Relocated, so that U-Boot's changes to the device tree do not touch the signed copy.
setenv fdt_high
setenv verified 0
if fdt addr ${fdtcontroladdr} && fdt list /signature; then setenv verified 1; fi

mw.b ${scratch_addr} 0 200
${storage} read ${scratch_addr} ${factory_block} 1 && env import -c ${scratch_addr} 200 factory_serial factory_board factory_board_rev

setenv seq_0
setenv seq_1
setenv state_block ${state_block_0}
if run load_state; then setenv seq_0 ${state_seq}; fi
setenv state_block ${state_block_1}
if run load_state; then setenv seq_1 ${state_seq}; fi

setenv newer_block
if test -n "${seq_0}"; then
  setenv newer_block ${state_block_0}
  setenv older_block ${state_block_1}
fi
if test -n "${seq_1}"; then
  if test -z "${seq_0}" || itest ${seq_1} -gt ${seq_0}; then
    setenv newer_block ${state_block_1}
    setenv older_block ${state_block_0}
  fi
fi

if test -n "${newer_block}"; then
  setenv state_block ${newer_block}
  run load_state
else
  # A device without any valid boot state still boots what it has, and does not write.
  echo "Boot: no valid boot state"
  setenv slot A
  setenv upgrade_available 0
  setenv tries_left 0
  setenv security_version 0
fi

if test "${upgrade_available}" = 1; then
  if itest ${tries_left} -gt 0; then
    # Counted before the trial, and stored: a firmware that takes the power down has used its try, too.
    setexpr tries_left ${tries_left} - 1
    if run save_state; then true; else run other_slot; setenv upgrade_available 0; fi
  else
    run go_back
  fi
fi

run boot_slot
if test "${upgrade_available}" = 1; then
  # Refused outright: more tries would change nothing.
  run go_back
else
  run other_slot
fi
run boot_slot
echo "Boot: no slot boots"

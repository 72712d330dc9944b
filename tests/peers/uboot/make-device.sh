#!/bin/sh
# Makes a test device: make-device.sh FOLDER
#   keys/dev.key dev.crt dev.pub.pem   the key that its U-Boot requires (RSA-2048); keys-other/: another of the same name
#   control.dtb                        U-Boot's control device tree, with that key required
#   images/*.fit, images/legacy.uimg   firmware, see the end
#   disk.img                           1.0.0 in slot A, nothing in slot B, boot state, factory data, boot script
# Needs: qemu-system-arm u-boot-qemu u-boot-tools device-tree-compiler gcc-aarch64-linux-gnu mtools openssl
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=$1
machine="-M virt -cpu cortex-a57 -m 256 -nographic -nodefaults -monitor none"
mkdir -p "$out/keys" "$out/keys-other" "$out/images"
out=$(cd "$out" && pwd)
cd "$out"

for keys in keys keys-other; do
  openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out $keys/dev.key
  openssl req -batch -new -x509 -key $keys/dev.key -subj "/CN=Tide gauge test key" -days 36500 -out $keys/dev.crt
  openssl pkey -in $keys/dev.key -pubout -out $keys/dev.pub.pem
done

# The machine's own device tree; same memory and devices as when it runs.
: > blank.img
qemu-system-aarch64 -M virt,dumpdtb=machine.dtb -cpu cortex-a57 -m 256 -nographic -nodefaults -monitor none \
  -drive if=none,id=v0,format=raw,file=blank.img -device virtio-blk-device,drive=v0 > qemu-dtb.log 2>&1
dtc -q -I dtb -O dtb -p 8192 -o control.dtb machine.dtb
dtc -q -I dtb -O dtb -p 1024 -o images/board.dtb machine.dtb

# firmware NAME VERSION SECURITY-VERSION KEYS [compiler options]
firmware() {
  name=$1 version=$2 security=$3 keys=$4
  shift 4
  aarch64-linux-gnu-gcc -nostdlib -ffreestanding -fno-stack-protector -fno-pic -static -Wl,--build-id=none \
    -mgeneral-regs-only -mstrict-align -Os -Wall -DVERSION="\"$version\"" "$@" \
    -T "$here/app.ld" "$here/head.S" "$here/app.c" -o images/app.elf 2> images/link.log || { cat images/link.log >&2; exit 1; }
  # Filled up to 32 KiB with bytes that don't compress, so that a transfer takes a while.
  aarch64-linux-gnu-objcopy -O binary images/app.elf images/app.bin
  openssl enc -aes-128-ctr -K 00 -iv 00 -in /dev/zero 2>/dev/null | head -c 32768 > images/filler.bin || true
  cat images/app.bin images/filler.bin | head -c 32768 > images/kernel.bin
  cat > images/image.its <<ITS
/dts-v1/;
/ {
  description = "Tide gauge firmware $version";
  #address-cells = <1>;
  sealift,version = "$version";
  sealift,security-version = <$security>;
  sealift,model = "tide-gauge";
  images {
    kernel {
      description = "application";
      data = /incbin/("kernel.bin");
      type = "kernel"; arch = "arm64"; os = "linux"; compression = "none";
      load = <0x40400000>; entry = <0x40400000>;
      hash-1 { algo = "sha256"; };
    };
    fdt {
      description = "board";
      data = /incbin/("board.dtb");
      type = "flat_dt"; arch = "arm64"; compression = "none";
      hash-1 { algo = "sha256"; };
    };
  };
  configurations {
    default = "conf";
    conf {
      description = "tide gauge";
      compatible = "linux,dummy-virt";
      kernel = "kernel"; fdt = "fdt";
      signature-1 { algo = "sha256,rsa2048"; key-name-hint = "dev"; sign-images = "kernel", "fdt"; };
    };
  };
};
ITS
  # Only the device's own key goes into its control device tree.
  if [ "$keys" = keys ]; then into="-K control.dtb -r"; else into=""; fi
  (cd images && mkimage -f image.its "$name.fit") > images/mkimage.log 2>&1
  # shellcheck disable=SC2086
  mkimage -F -k $keys $into "images/$name.fit" >> images/mkimage.log 2>&1
}

firmware 1.0.0 1.0.0 1 keys
firmware 1.1.0 1.1.0 2 keys
firmware 1.1.0-wrong-key 1.1.0 2 keys-other
firmware 1.2.0-crashes 1.2.0 2 keys -DCRASHES
firmware 1.2.0-hangs 1.2.0 2 keys -DHANGS
firmware 1.3.0-security-version-0 1.3.0 0 keys
mkimage -A arm64 -O linux -T kernel -C none -a 0x40400000 -e 0x40400000 -n legacy -d images/kernel.bin \
  images/legacy.uimg > images/mkimage.log 2>&1
mkimage -A arm64 -T script -C none -n "A/B boot" -d "$here/boot.cmd" boot.scr > mkscript.log 2>&1

# ---- the disk: MBR, one FAT partition of 4 MiB at 1 MiB, raw areas from 8 MiB on (boot.cmd has the numbers) ----
put() { dd if="$1" of=disk.img bs=512 seek="$2" conv=notrunc status=none; }
rm -f disk.img
truncate -s 16M disk.img
# Partition entry: bootable, type 0x0e (FAT16 LBA), first block 2048, 8192 blocks; signature 55 AA.
printf '\200\000\000\000\016\000\000\000\000\010\000\000\000\040\000\000' |
  dd of=disk.img bs=1 seek=446 conv=notrunc status=none
printf '\125\252' | dd of=disk.img bs=1 seek=510 conv=notrunc status=none
mformat -i disk.img@@1M -T 8192 -h 16 -s 63 -H 2048 ::
mcopy -i disk.img@@1M boot.scr ::boot.scr
put images/1.0.0.fit 16384
printf 'slot=A\nupgrade_available=0\ntries_left=0\nsecurity_version=1\nstate_seq=1\n' > state.txt
mkenvimage -s 512 -p 0 -o state.bin state.txt
put state.bin 20480
printf 'factory_serial=TG-000417\nfactory_board=tide-gauge\nfactory_board_rev=B\n' > factory.txt
mkenvimage -s 512 -p 0 -o factory.bin factory.txt
put factory.bin 20482

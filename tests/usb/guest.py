#!/usr/bin/env python3
"""The guest in which tests meet the kernel's own USB stack.

guest.py --folder FOLDER --kernel KERNEL up | down | run [--timeout S] [--] PROGRAM [ARGUMENT...]

KERNEL is where fetch_kernel.sh unpacked Debian's kernel. FOLDER keeps what belongs to one guest. The guest sees the
host's files, read-only, at the same places; /run is its own. `run` starts it when it is not up, shows what PROGRAM
printed and ends with its exit status; 77 and the reason when there can be no guest here.
"""

import argparse
import contextlib
import fcntl
import os
import pathlib
import shlex
import shutil
import signal
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
SKIPPED = 77
QEMU = "qemu-system-x86_64"
BUSYBOX = "/bin/busybox"
BOOT_SECONDS = 180  # software emulation on a busy machine; it takes about 8 alone
IDLE_SECONDS = 120
FIRST_MODULES = ["virtio_pci", "9pnet_virtio", "9p"]
# vhci-hcd and dummy_hcd have no hubs, so QEMU adds one: with two converters of the same serial number behind it.
HUB = ["-device", "qemu-xhci,id=xhci", "-device", "usb-hub,bus=xhci.0,port=1",
       "-chardev", "null,id=null2", "-device", "usb-serial,bus=xhci.0,port=1.2,chardev=null2,serial=SAME,always-plugged=on",
       "-chardev", "null,id=null3", "-device", "usb-serial,bus=xhci.0,port=1.3,chardev=null3,serial=SAME,always-plugged=on"]


class Missing(Exception):
    """What there must be for a guest."""


class Broken(Exception):
    """The guest did not do what it should."""


def kernel_of(folder):
    """Image, version."""
    images = sorted((folder / "boot").glob("vmlinuz-*"))
    if not images:
        raise Missing(f"Debian's kernel is not in {folder}; ./dev test fetches it there (tests/usb/fetch_kernel.sh).")
    return images[-1], images[-1].name.removeprefix("vmlinuz-")


def check_tools():
    for tool in (QEMU, BUSYBOX, "modprobe", "cpio"):
        if not shutil.which(tool):
            raise Missing(f"{tool} is missing; the packages are in ./dev under [test].")
    if subprocess.run(["ldd", BUSYBOX], capture_output=True, check=False).returncode == 0:
        raise Missing(f"{BUSYBOX} is not linked statically; install busybox-static.")


def module_files(kernel, version):
    """The modules that the root file system needs, each after what it depends on."""
    files = []
    for module in FIRST_MODULES:
        told = subprocess.run(["modprobe", "-d", kernel, "-S", version, "--show-depends", module],
                              capture_output=True, text=True, check=True)
        for line in told.stdout.splitlines():
            words = line.split()
            if words[:1] == ["insmod"] and words[1] not in files:
                files.append(words[1])
    return files


def make_initramfs(folder, kernel, version):
    tree = folder / "initramfs"
    shutil.rmtree(tree, ignore_errors=True)
    (tree / "bin").mkdir(parents=True)
    (tree / "modules").mkdir()
    shutil.copy(BUSYBOX, tree / "bin/busybox")
    shutil.copy(HERE / "guest_agent", tree / "guest_agent")
    shutil.copy(HERE / "guest_init", tree / "init")
    (tree / "init").chmod(0o755)
    files = module_files(kernel, version)
    for file in files:
        shutil.copy(file, tree / "modules")
    (tree / "modules/order").write_text("".join(pathlib.Path(file).name + "\n" for file in files))
    names = "\n".join(str(path.relative_to(tree)) for path in sorted(tree.rglob("*")))
    with open(folder / "initramfs.cpio", "wb") as archive:
        subprocess.run(["cpio", "--quiet", "-o", "-H", "newc"], input=names.encode(), stdout=archive, cwd=tree, check=True)
    return folder / "initramfs.cpio"


class Guest:
    def __init__(self, folder, kernel):
        self.folder = folder
        self.kernel = kernel
        self.share = folder / "share"
        self.console = folder / "console.log"
        self.pid_file = folder / "qemu.pid"

    def pid(self):
        """Of the running QEMU that is ours, or None."""
        with contextlib.suppress(OSError, ValueError):
            pid = int(self.pid_file.read_text())
            command = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            if any(os.fsencode(str(self.share)) in word for word in command):
                return pid
        return None

    def is_up(self):
        return self.pid() is not None and (self.share / "ready").exists() and not (self.share / "poweroff").exists()

    def words_of_console(self):
        text = self.console.read_text(errors="replace") if self.console.exists() else ""
        return "".join(f"  {line}\n" for line in text.splitlines()[-40:])

    def up(self):
        if self.is_up():
            return
        check_tools()
        image, version = kernel_of(self.kernel)
        self.kill()
        shutil.rmtree(self.share, ignore_errors=True)
        self.share.mkdir(parents=True)
        initramfs = make_initramfs(self.folder, self.kernel, version)
        words = (f"console=ttyS0 quiet panic=-1 mitigations=off SHARE={self.share} MODULES={self.kernel} "
                 f"IDLE={IDLE_SECONDS}")
        with open(self.console, "wb") as console:
            # A session of its own: it outlives this program, up to `down` or its idle time.
            process = subprocess.Popen(
                [QEMU, "-M", "q35", "-cpu", "max", "-accel", "tcg", "-m", "768", "-smp", "2", "-nographic",
                 "-nodefaults", "-serial", "stdio", "-monitor", "none", "-no-reboot",
                 "-kernel", image, "-initrd", initramfs, "-append", words,
                 *HUB,
                 "-virtfs", "local,path=/,mount_tag=root,security_model=none,readonly=on,multidevs=remap",
                 "-virtfs", f"local,path={self.share},mount_tag=share,security_model=none"],
                stdin=subprocess.DEVNULL, stdout=console, stderr=console, start_new_session=True)
        self.pid_file.write_text(str(process.pid))
        end = time.monotonic() + BOOT_SECONDS
        while not (self.share / "ready").exists():
            if process.poll() is not None or time.monotonic() > end:
                self.kill()
                raise Broken(f"The guest did not start; its console:\n{self.words_of_console()}")
            time.sleep(0.1)

    def kill(self):
        pid = self.pid()
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
            while self.pid() is not None and self.is_alive(pid):
                time.sleep(0.05)

    @staticmethod
    def is_alive(pid):
        with contextlib.suppress(OSError):
            return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
        return False

    def down(self):
        if self.pid() is None:
            return
        (self.share / "poweroff").touch()
        end = time.monotonic() + 15
        while self.pid() is not None and self.is_alive(self.pid()) and time.monotonic() < end:
            time.sleep(0.1)
        self.kill()

    def run(self, command, environment, timeout):
        """The program's exit status. Its output goes to ours as it comes."""
        name = f"{os.getpid()}-{time.monotonic_ns()}"
        exports = "".join(f"export {word}\n" for word in map(shlex.quote, environment))
        script = f"{exports}exec timeout -k 5 {timeout} {shlex.join(command)}\n"
        part = self.share / f"{name}.part"
        part.write_text(script)
        part.rename(self.share / f"{name}.job")
        out, status = self.share / f"{name}.out", self.share / f"{name}.rc"
        end = time.monotonic() + timeout + 30
        shown = 0
        while True:
            done = status.exists()
            if out.exists():
                with open(out, "rb") as stream:
                    stream.seek(shown)
                    chunk = stream.read()
                shown += len(chunk)
                sys.stdout.buffer.write(chunk)
                sys.stdout.flush()
            if done:
                break
            if not self.is_alive(self.pid() or -1) or time.monotonic() > end:
                self.kill()
                raise Broken(f"The guest broke down; its console:\n{self.words_of_console()}")
            time.sleep(0.05)
        code = int(status.read_text())
        for file in (out, status):
            file.unlink()
        if code in (124, 137, 143):
            print(f"The program did not end within {timeout} s.")
        return code


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=pathlib.Path, required=True)
    parser.add_argument("--kernel", type=pathlib.Path, required=True)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("up")
    commands.add_parser("down")
    run = commands.add_parser("run")
    run.add_argument("--timeout", type=int, default=120)
    run.add_argument("--env", action="append", default=[], metavar="NAME=VALUE")
    run.add_argument("program", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()

    folder = arguments.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    guest = Guest(folder, arguments.kernel.resolve())
    with open(folder / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        os.set_inheritable(lock.fileno(), False)
        try:
            if arguments.command == "down":
                guest.down()
                return 0
            guest.up()
            if arguments.command == "up":
                return 0
            command = arguments.program[1:] if arguments.program[:1] == ["--"] else arguments.program
            if not command:
                parser.error("which program?")
            return guest.run(command, arguments.env, arguments.timeout)
        except Missing as missing:
            print(f"Skipped: {missing}")
            return SKIPPED
        except Broken as broken:
            print(broken)
            return 1


if __name__ == "__main__":
    sys.exit(main())

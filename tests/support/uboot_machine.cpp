#include "tests/support/uboot_machine.h"

#include "app/base/crc.h"
#include "app/base/deadline.h"
#include "app/base/file_io.h"

#include <QCryptographicHash>
#include <QFile>
#include <QFileInfo>
#include <QJsonArray>
#include <QRegularExpression>
#include <QStandardPaths>

#ifdef Q_OS_LINUX
#include <csignal>
#include <sys/prctl.h>
#endif

namespace sealift {
namespace {

constexpr qint64 kMaxFile = 64 * 1024 * 1024;
const QString kUboot = QStringLiteral("/usr/lib/u-boot/qemu_arm64/u-boot.bin");

tl::unexpected<Error> broken(const QString& what) {
  return fail(ErrorCode::Internal, what, QStringLiteral("Look at the files in the test's folder."));
}

Result<QString> waitForPty(QProcess& qemu, const QString& outputPath) {
  const Deadline deadline = Deadline::in(std::chrono::seconds(20), QStringLiteral("QEMU's pty"));
  static const QRegularExpression pty(QStringLiteral("redirected to (/dev/pts/\\d+)"));
  while (!deadline.passed()) {
    SEALIFT_TRY(const QByteArray output, readFile(outputPath, kMaxFile));
    if (const auto match = pty.match(QString::fromLocal8Bit(output)); match.hasMatch()) {
      return match.captured(1);
    }
    if (qemu.waitForFinished(20)) {
      return broken(QStringLiteral("QEMU ended at once: %1.").arg(QString::fromLocal8Bit(output)));
    }
  }
  return deadline.timeout();
}

}  // namespace

QString UbootMachine::whyNotHere() {
  const QPair<const char*, const char*> tools[] = {
      {"qemu-system-aarch64", "qemu-system-arm"},         {"mkimage", "u-boot-tools"}, {"dtc", "device-tree-compiler"},
      {"aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu"}, {"mformat", "mtools"},       {"openssl", "openssl"}};
  for (const auto& [tool, package] : tools) {
    if (QStandardPaths::findExecutable(QString::fromLatin1(tool)).isEmpty()) {
      return QStringLiteral("%1 is missing (package %2)").arg(QString::fromLatin1(tool), QString::fromLatin1(package));
    }
  }
  return QFileInfo::exists(kUboot) ? QString() : QStringLiteral("%1 is missing (package u-boot-qemu)").arg(kUboot);
}

Result<std::unique_ptr<UbootMachine>> UbootMachine::make(const QString& folder) {
  std::unique_ptr<UbootMachine> machine(new UbootMachine(folder));
  QProcess maker;
  maker.setProcessChannelMode(QProcess::MergedChannels);
  maker.setStandardOutputFile(machine->path(QStringLiteral("make-device.log")));
  maker.start(QStringLiteral(SEALIFT_SOURCE_DIR "/tests/peers/uboot/make-device.sh"), {folder});
  if (!maker.waitForFinished(120'000) || maker.exitCode() != 0) {
    return broken(
        QStringLiteral("make-device.sh failed; see %1.").arg(machine->path(QStringLiteral("make-device.log"))));
  }
  if (!QFile::rename(machine->path(QStringLiteral("disk.img")), machine->path(QStringLiteral("fresh.img")))) {
    return broken(QStringLiteral("make-device.sh left no disk."));
  }
  SEALIFT_CHECK(machine->resetDisk());
  return machine;
}

UbootMachine::~UbootMachine() {
  cutPower();
}

Status UbootMachine::resetDisk() {
  QFile::remove(path(QStringLiteral("disk.img")));
  QFile::remove(path(QStringLiteral("console.log")));
  if (!QFile::copy(path(QStringLiteral("fresh.img")), path(QStringLiteral("disk.img")))) {
    return broken(QStringLiteral("The disk could not be copied."));
  }
  return {};
}

Status UbootMachine::start() {
  const QString output = path(QStringLiteral("qemu.log"));
  QFile::remove(output);
  qemu_ = std::make_unique<QProcess>();
  // To a file: a QEMU that outlives us must not hold a pipe that somebody reads.
  qemu_->setStandardOutputFile(output);
  qemu_->setStandardErrorFile(output, QIODevice::Append);
  qemu_->setStandardInputFile(QProcess::nullDevice());
#ifdef Q_OS_LINUX
  // A test that crashes must not leave the machine running.
  qemu_->setChildProcessModifier([] { ::prctl(PR_SET_PDEATHSIG, SIGKILL); });
#endif
  QStringList arguments =
      QStringLiteral("-M virt -cpu cortex-a57 -m 256 -nographic -nodefaults -monitor none").split(u' ');
  arguments << QStringLiteral("-bios") << kUboot << QStringLiteral("-dtb")
            << path(requiresSignatures_ ? QStringLiteral("control.dtb") : QStringLiteral("machine.dtb"))
            // Writethrough: what the device was told is written is in the file when QEMU is killed.
            << QStringLiteral("-drive")
            << QStringLiteral("if=none,id=v0,format=raw,cache=writethrough,file=") + path(QStringLiteral("disk.img"))
            << QStringLiteral("-device") << QStringLiteral("virtio-blk-device,drive=v0") << QStringLiteral("-chardev")
            << QStringLiteral("pty,id=c0,logappend=on,logfile=") + path(QStringLiteral("console.log"))
            << QStringLiteral("-serial") << QStringLiteral("chardev:c0");
  if (!tap_.isEmpty()) {
    arguments << QStringLiteral("-netdev") << QStringLiteral("tap,id=n0,script=no,downscript=no,ifname=") + tap_
              << QStringLiteral("-device") << QStringLiteral("virtio-net-device,netdev=n0");
  }
  qemu_->start(QStringLiteral("qemu-system-aarch64"), arguments);
  if (!qemu_->waitForStarted(10'000)) {
    return broken(QStringLiteral("QEMU could not be started."));
  }
  SEALIFT_TRY(const QString pty, waitForPty(*qemu_, output));
  QFile::remove(consolePath());
  if (!QFile::link(pty, consolePath())) {
    return broken(QStringLiteral("%1 could not be made.").arg(consolePath()));
  }
  return {};
}

// The console's name goes first: the next who asks for a pty gets this one's number, and that may be another machine.
void UbootMachine::cutPowerNow() {
  const qint64 machine = qemu_ ? qemu_->processId() : 0;  // 0 when it does not run
  QFile::remove(consolePath());
  if (machine > 0) {
    (void)::kill(static_cast<pid_t>(machine), SIGKILL);
  }
}

void UbootMachine::cutPower() {
  cutPowerNow();
  if (qemu_) {
    qemu_->waitForFinished(10'000);
  }
  qemu_.reset();
}

QString UbootMachine::consolePath() const {
  return path(QStringLiteral("console"));
}

LinkAddress UbootMachine::address() const {
  return {LinkKind::Serial, consolePath(), 0, {}};
}

QString UbootMachine::consoleLog() const {
  return QString::fromLatin1(readFile(path(QStringLiteral("console.log")), kMaxFile).value_or(QByteArray()));
}

QByteArray UbootMachine::imageKey() const {
  return readFile(path(QStringLiteral("keys/dev.pub.pem")), kMaxFile).value_or(QByteArray());
}

QByteArray UbootMachine::otherKey() const {
  return readFile(path(QStringLiteral("keys-other/dev.pub.pem")), kMaxFile).value_or(QByteArray());
}

ModelDescription UbootMachine::model() const {
  const auto area = [](qint64 block, qint64 blocks) {
    return QJsonObject{{QStringLiteral("block"), block}, {QStringLiteral("blocks"), blocks}};
  };
  const auto slot = [&](const QString& name, int index) {
    QJsonObject json = area(kSlotBlock[index], 0x800);
    json[QStringLiteral("name")] = name;
    return json;
  };
  ModelDescription model;
  model.vendorId = QStringLiteral("tide");
  model.id = QStringLiteral("tide-gauge");
  model.name = QStringLiteral("Tide gauge");
  model.driver = QStringLiteral("uboot");
  model.links = {LinkKind::Serial};
  model.deviceNames = {QStringLiteral("tide-gauge")};
  model.hardwareRevisions = {QStringLiteral("A"), QStringLiteral("B")};
  model.imageFormat = QStringLiteral("fit");
  model.imageKeys = {imageKey()};
  model.timings.restartSeconds = 15;
  model.timings.confirmSeconds = 15;
  model.driverSettings = QJsonObject{
      {QStringLiteral("storage"),
       QJsonObject{{QStringLiteral("interface"), QStringLiteral("virtio")}, {QStringLiteral("device"), 0}}},
      {QStringLiteral("memory"), QJsonObject{{QStringLiteral("image"), QStringLiteral("0x44000000")},
                                             {QStringLiteral("verify"), QStringLiteral("0x46000000")},
                                             {QStringLiteral("scratch"), QStringLiteral("0x43f00000")}}},
      {QStringLiteral("slots"), QJsonArray{slot(QStringLiteral("A"), 0), slot(QStringLiteral("B"), 1)}},
      {QStringLiteral("bootState"),
       QJsonObject{{QStringLiteral("copies"), QJsonArray{area(kStateBlock[0], 1), area(kStateBlock[1], 1)}},
                   {QStringLiteral("tries"), 3}}},
      {QStringLiteral("factory"), area(kFactoryBlock, 1)},
      {QStringLiteral("application"),
       QJsonObject{{QStringLiteral("banner"), QStringLiteral("Tide gauge firmware (?<version>[0-9.+]+) ready")},
                   {QStringLiteral("statusCommand"), QStringLiteral("version")},
                   {QStringLiteral("status"),
                    QStringLiteral("status version=(?<version>[0-9.+]+) slot=(?<slot>\\w+) trial=(?<trial>[01]) "
                                   "crc=(?<crc>[0-9a-f]{8}) board=(?<board>\\S*) revision=(?<revision>\\S*) "
                                   "serial=(?<serial>\\S*) security=(?<security>\\w*) verified=(?<verified>[01])")},
                   {QStringLiteral("resetCommand"), QStringLiteral("reboot")}}},
  };
  return model;
}

Result<QByteArray> UbootMachine::imageBytes(const QString& name) const {
  return readFile(path(QStringLiteral("images/") + name), kMaxFile);
}

Result<Image> UbootMachine::unverifiedImage(const QString& name) const {
  Image image;
  SEALIFT_TRY(image.bytes, imageBytes(name));
  image.sha256 = QCryptographicHash::hash(image.bytes, QCryptographicHash::Sha256);
  image.facts.format = QStringLiteral("fit");
  image.facts.version = Version::parse(name.section(u'-', 0, 0).remove(QStringLiteral(".fit")));
  return image;
}

Result<Image> UbootMachine::image(const QString& name) const {
  SEALIFT_TRY(Image image, unverifiedImage(name));
  SEALIFT_TRY(image.facts, verifyImage(QStringLiteral("fit"), image.bytes, {imageKey()}));
  return image;
}

Status UbootMachine::writeDisk(qint64 block, const QByteArray& bytes) {
  QFile disk(path(QStringLiteral("disk.img")));
  if (!disk.open(QIODevice::ReadWrite) || !disk.seek(block * kBlockBytes) || disk.write(bytes) != bytes.size() ||
      !disk.flush()) {
    return broken(QStringLiteral("The disk could not be written."));
  }
  return {};
}

Result<QByteArray> UbootMachine::readDisk(qint64 block, qint64 bytes) const {
  QFile disk(path(QStringLiteral("disk.img")));
  if (!disk.open(QIODevice::ReadOnly) || !disk.seek(block * kBlockBytes)) {
    return broken(QStringLiteral("The disk could not be read."));
  }
  return disk.read(bytes);
}

QByteArray UbootMachine::environmentBlock(const QByteArray& lines) {
  QByteArray data = lines;
  data.replace('\n', '\0');
  data = data.leftJustified(kBlockBytes - 4, '\0');
  const quint32 crc = crc32(data);
  QByteArray block;
  for (int shift = 0; shift < 32; shift += 8) {
    block.append(static_cast<char>((crc >> shift) & 0xFF));
  }
  return block + data;
}

}  // namespace sealift

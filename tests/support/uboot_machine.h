// A real device for tests: Debian's U-Boot in QEMU with a disk, signed firmware in two slots and a boot script
// (tests/peers/uboot). Its console is a pty under a path that stays the same over restarts.
// To be used from the thread that made it.
#pragma once

#include "devices/core/model.h"
#include "devices/images/image.h"
#include "transports/links/link_address.h"

#include <QProcess>
#include <QString>

#include <memory>

namespace sealift {

class UbootMachine {
 public:
  // Why no such machine can be made here (a missing package), or nothing. Tests then exit with 77.
  static QString whyNotHere();

  // Makes the device in `folder` (which must exist); it is not running yet. Takes about 3 s.
  static Result<std::unique_ptr<UbootMachine>> make(const QString& folder);
  ~UbootMachine();
  UbootMachine(const UbootMachine&) = delete;
  UbootMachine& operator=(const UbootMachine&) = delete;

  // From the next start on: a network card on this tap device (tests/support/private_network.h).
  void connectTo(const QString& tap) { tap_ = tap; }
  // From the next start on: whether its U-Boot has the key that every image must be signed with; it has at first.
  void requireSignatures(bool required) { requiresSignatures_ = required; }

  Status start();   // power on
  void cutPower();  // SIGKILL: what was not written is lost
  // The same from another thread, while somebody talks to the machine; cutPower() or restart() has to follow.
  void cutPowerNow();
  Status restart() {
    cutPower();
    return start();
  }
  // The disk as make() left it: 1.0.0 in slot A, slot B empty. Power must be off.
  Status resetDisk();

  QString consolePath() const;  // a link to the pty of the machine that runs now
  LinkAddress address() const;  // serial: consolePath()
  QString consoleLog() const;   // everything that the device printed since resetDisk() or make()

  ModelDescription model() const;  // driver "uboot", all settings, the key of keys/dev
  QByteArray imageKey() const;     // PEM; the key that the device requires
  QByteArray otherKey() const;     // PEM; a key that it does not know
  // By file name below images/: 1.0.0.fit 1.1.0.fit 1.1.0-wrong-key.fit 1.2.0-crashes.fit 1.2.0-hangs.fit
  // 1.3.0-security-version-0.fit legacy.uimg
  Result<QByteArray> imageBytes(const QString& name) const;
  // The bytes with the facts that a parser would find, not verified: for images that Sealift itself refuses.
  Result<Image> unverifiedImage(const QString& name) const;
  // Verified with the device's key.
  Result<Image> image(const QString& name) const;

  // The disk itself; writing while the device runs is what an attacker with access to it does.
  Status writeDisk(qint64 block, const QByteArray& bytes);
  Result<QByteArray> readDisk(qint64 block, qint64 bytes) const;
  // A CRC-guarded block of variables (`env import -c`), as the boot state and the factory data are.
  static QByteArray environmentBlock(const QByteArray& lines);

  static constexpr qint64 kSlotBlock[2] = {0x4000, 0x4800};
  static constexpr qint64 kStateBlock[2] = {0x5000, 0x5001};
  static constexpr qint64 kFactoryBlock = 0x5002;
  static constexpr qint64 kBlockBytes = 512;

 private:
  explicit UbootMachine(const QString& folder) : folder_(folder) {}
  QString path(const QString& name) const { return folder_ + u'/' + name; }

  QString folder_;
  QString tap_;
  bool requiresSignatures_ = true;
  std::unique_ptr<QProcess> qemu_;
};

}  // namespace sealift

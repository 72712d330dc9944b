// One device, one worker, whichever programs and users of this computer there are: locks in files that the kernel takes
// back when a program ends. A device is locked by where it is, so that two names of one port are one (a link under
// /dev/serial/by-id, a USB place and the serial port there, 127.0.0.1 and localhost), and by who it is once that is
// known, so that two ways to one device are one, too.
//
// It holds between all programs of one computer that see the same common folder (file_lock.h): other data folders and
// other users' programs included, other computers and containers with folders of their own not. Any thread.
#pragma once

#include "app/base/file_lock.h"
#include "transports/links/link_address.h"

#include <QDateTime>

#include <functional>
#include <vector>

namespace sealift {

class DeviceLocks {
 public:
  enum class Use { Look, Job };
  struct Knowledge {
    // Where on the USB an address is now, of a device or of a serial port's adapter; empty when nowhere.
    std::function<QString(const LinkAddress&)> place;
    // A device's name among all stations, by its id here: two stations may know two vendors by one name. Empty when
    // the device is known by its address only.
    std::function<QString(const QString& deviceId)> identity;
  };

  // `folder`: of the lock files, made when it is missing.
  DeviceLocks(const QString& folder, Knowledge knowledge) : folder_(folder), known_(std::move(knowledge)) {}

  // Who has a device, as that program wrote it: for people, proof of nothing.
  struct Holder {
    Use use = Use::Look;
    QString program;
    qint64 processId = 0;
    QString user;
    QDateTime since;  // UTC
  };
  struct Taken {
    std::vector<FileLock> locks;   // empty: somebody has the device
    std::optional<Holder> holder;  // who, where that is told
  };
  // All locks of the device or none; never waits. `deviceId` empty: who it is isn't known.
  // Errors: FileWrite, when there can be no lock at all.
  Result<Taken> tryTake(const LinkAddress& address, const QString& deviceId, Use use) const;

 private:
  struct Key {
    QString text;
    FileLock::Mode mode;
  };
  std::vector<Key> keysOf(const LinkAddress& address, const QString& deviceId, Use use) const;

  QString folder_;
  Knowledge known_;
};

// DeviceBusy, with who has it and what to do.
Error deviceBusy(const std::optional<DeviceLocks::Holder>& holder);

}  // namespace sealift

// SMP commands as functions: Zephyr's OS group (0), image group (1) and settings group (3).
// Each waits by named deadlines; a device's refusal is an Error in the protocol's own words.
// Functions that give an optional give nothing when the device does not have the command or value.
#pragma once

#include "transports/protocols/smp/smp_session.h"

#include <QByteArray>
#include <QList>
#include <QString>

#include <optional>

namespace sealift {

// "MCUmgr parameters": what the server's buffers hold.
struct SmpParameters {
  qint64 bufferSize = 0;   // bytes, one packet with its transport's overhead
  qint64 bufferCount = 0;  // requests and answers share them
};

// Query "mode" of the bootloader information; the numbers of MCUboot's enum mcuboot_mode, -1 for unknown.
struct SmpBootloaderMode {
  int mode = -1;
  bool noDowngrade = false;  // MCUboot refuses to go to a lower version

  QString text() const;        // "swap using move"
  bool lacksFallback() const;  // known, and not one that boots slot 1 once on trial and goes back by itself
};

struct SmpImage {
  int image = 0;
  int slot = 0;
  QString version;  // as sent, e.g. "2.3.1" or "2.3.1.881"; at most 64 characters
  QByteArray hash;  // value of the image's hash TLV, 32, 48 or 64 bytes; may be empty
  bool bootable = false;
  bool pending = false;
  bool confirmed = false;
  bool active = false;
  bool permanent = false;
};

struct SmpSlotInfo {
  int image = 0;
  int slot = 0;
  qint64 size = 0;          // of the slot in flash
  qint64 maxImageSize = 0;  // largest image that may be uploaded; 0 when the device doesn't tell
};

class SmpClient {
 public:
  explicit SmpClient(SmpSession& session) : session_(session) {}

  // OS group
  Result<QString> echo(const QString& text, const SmpPatience& patience, const CancelToken& cancel);
  // Sent once only: a second one could restart the device in the middle of its trial boot.
  Status reset(const CancelToken& cancel);
  Result<std::optional<SmpParameters>> parameters(const CancelToken& cancel);
  Result<std::optional<QString>> bootloaderName(const CancelToken& cancel);
  Result<std::optional<SmpBootloaderMode>> bootloaderMode(const CancelToken& cancel);
  // `format` as uname's letters: s n r v b m p i o a.
  Result<std::optional<QString>> applicationInfo(const QString& format, const CancelToken& cancel);

  // Image group
  Result<QList<SmpImage>> imageState(const CancelToken& cancel,
                                     const SmpPatience& patience = {std::chrono::milliseconds(1500), 6});
  // confirm = false: one trial boot of the image with that hash. confirm = true with the running image's hash, or
  // with none: the running image stays.
  Status setImageState(const QByteArray& hash, bool confirm, const CancelToken& cancel);
  Status eraseSlot(int slot, const CancelToken& cancel);
  Result<std::optional<QList<SmpSlotInfo>>> slotInfo(const CancelToken& cancel);

  // Settings group; nothing when the device has no such setting or no settings at all. At most `maxSize` bytes.
  Result<std::optional<QByteArray>> readSetting(const QString& name, int maxSize, const CancelToken& cancel);
  // Whether it outlives a restart is the device's business: read it again afterwards.
  Status writeSetting(const QString& name, const QByteArray& value, const CancelToken& cancel);

  SmpSession& session() { return session_; }

 private:
  Result<QCborMap> carryOut(const SmpRequest& request, const SmpPatience& patience, const CancelToken& cancel);
  Result<std::optional<QCborMap>> ask(const SmpRequest& request, const CancelToken& cancel);

  SmpSession& session_;
};

}  // namespace sealift

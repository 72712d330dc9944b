// Fastboot's commands and their answers, over any carrier.
// Source: AOSP, system/core/fastboot/README.md, "Command Reference", "Client Variables"; `fetch` and
// `max-fetch-size` from the same folder's host and device.
//
// A device may send INFO and TEXT before it answers: each line is told, but their number, their bytes and the time of
// the whole command are bounded. After an error other than a refusal the session is over: whatever the device
// still had to say would be taken for its next answer. Thread: that of the carrier, which outlives the session.
#pragma once

#include "app/base/progress.h"
#include "transports/protocols/fastboot/fastboot_carrier.h"
#include "transports/protocols/fastboot/fastboot_reply.h"

#include <QList>

#include <chrono>
#include <functional>
#include <optional>
#include <utility>

namespace sealift {

class FastbootSession {
 public:
  using Tell = std::function<void(const QString& line)>;  // the device's own words, harmless
  using Take = std::function<Status(qint64 offset, QByteArrayView bytes)>;

  explicit FastbootSession(FastbootCarrier& carrier) : carrier_(carrier) {}

  // Who hears INFO and TEXT from now on.
  void tellTo(Tell tell) { tell_ = std::move(tell); }
  // Handshake of the carrier.
  Status begin(const CancelToken& cancel);
  // False after an error that leaves the device in the middle of something.
  bool isUsable() const { return usable_; }
  // It ended while the device was still to say or to get something.
  bool wasCutOff() const { return !usable_ && !left_; }

  // Nothing when the device does not know the variable (FAIL, or nothing after OKAY as old devices say it).
  // `name`: letters, digits and . _ - : only; InvalidArgument otherwise, as for partitions below.
  Result<std::optional<QByteArray>> variable(const QByteArray& name, const CancelToken& cancel);
  // `getvar all`: names and values, in the device's order; lines of another shape are left out.
  Result<QList<std::pair<QByteArray, QByteArray>>> allVariables(const CancelToken& cancel);

  // Into the device's memory. `from` and `total`: where these bytes stand within what `progress` shows.
  Status download(QByteArrayView data, qint64 from, qint64 total, Progress& progress, const CancelToken& cancel);
  // What was downloaded, into a partition. `time`: for all of it.
  Status flash(const QByteArray& partition, std::chrono::milliseconds time, const CancelToken& cancel);
  Status erase(const QByteArray& partition, std::chrono::milliseconds time, const CancelToken& cancel);
  Status setActive(const QByteArray& slot, const CancelToken& cancel);
  // `size` bytes of a partition, from `offset`, in the order in which they come.
  Status fetch(const QByteArray& partition, qint64 offset, qint64 size, const Take& take, const CancelToken& cancel);

  // After these the device goes; the session is over.
  Status reboot(const CancelToken& cancel) { return leaveBy("reboot", cancel); }
  Status rebootBootloader(const CancelToken& cancel) { return leaveBy("reboot-bootloader", cancel); }
  Status continueBoot(const CancelToken& cancel) { return leaveBy("continue", cancel); }

  static constexpr qsizetype kMaxCommand = 64;  // bytes: what every device takes
  static constexpr int kMaxLines = 2000;        // INFO and TEXT, of one command
  static constexpr qsizetype kMaxLineBytes = 128 * 1024;

 private:
  using HearLine = std::function<void(const FastbootReply&)>;

  // Sends a command and returns its last reply: Okay, Fail or Data.
  Result<FastbootReply> ask(const QByteArray& command, const Deadline& deadline, const CancelToken& cancel,
                            const HearLine& hear = {});
  Result<FastbootReply> answer(const QByteArray& command, const Deadline& deadline, const CancelToken& cancel,
                               const HearLine& hear);
  // As ask(), but anything other than OKAY is an error.
  Status order(const QByteArray& command, const Deadline& deadline, const CancelToken& cancel);
  Status expectOkay(const QByteArray& command, const FastbootReply& reply);
  Status leaveBy(const QByteArray& command, const CancelToken& cancel);
  // Hands a result on; an error ends the session.
  template <class R>
  R guarded(R result) {
    usable_ = usable_ && result.has_value();
    return result;
  }
  tl::unexpected<Error> endBecause(ErrorCode code, const QString& what);

  FastbootCarrier& carrier_;
  Tell tell_ = [](const QString&) {};
  bool usable_ = true;
  bool left_ = false;  // the device was told to go
};

}  // namespace sealift

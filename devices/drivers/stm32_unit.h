// One STM32 on one serial port, between its firmware and its bootloader.
//
// Where the adapter's lines are wired to reset and BOOT0, the device is reset into its bootloader and back; otherwise
// somebody does that by hand, and the bootloader is left as it was found. The bootloader is spoken to with even parity
// (AN3155, chapter 1) whatever the address says.
//
// Threads and errors: as Driver (devices/core/driver.h).
#pragma once

#include "devices/core/driver.h"
#include "devices/drivers/stm32_settings.h"
#include "transports/links/modem_lines.h"
#include "transports/protocols/stm32/stm32_session.h"

#include <memory>
#include <optional>

namespace sealift {

// Tests shorten them.
struct Stm32Times {
  std::chrono::milliseconds reset{50};               // how long the line is held; data sheets ask for microseconds
  std::chrono::milliseconds bootloader{3'000};       // until it answers after a reset (AN2606, bootloader timing)
  std::chrono::milliseconds application{1'000};      // until firmware that runs answers
  std::chrono::milliseconds applicationAnswer{300};  // before it is asked again
};

class Stm32Unit {
 public:
  Stm32Unit(const ModelDescription& model, const Stm32Settings& settings, const LinkAddress& address,
            LinkOpener& links);

  const Stm32Settings& settings() const { return settings_; }
  void setPatience(const Stm32Patience& patience, const Stm32Times& times) {
    patience_ = patience;
    times_ = times;
  }

  // What runs, if it tells, or what the bootloader tells. From here on the unit is known: another one in its place is
  // DeviceChanged. A device that was reset for this runs its firmware again afterwards.
  Result<DeviceSnapshot> look(StepContext& step);
  // Into the bootloader, if the conversation has not begun yet. Nothing is written.
  Status enter(StepContext& step);
  bool isInside() const { return session_ != nullptr; }
  Stm32Session& session() { return *session_; }  // after enter()
  const Stm32FlashLayout& layout() const { return layout_; }
  bool isProtected() const { return isProtected_; }  // as it was when it was entered
  // Starts the firmware, by reset where there are lines, and ends the conversation.
  Status start(StepContext& step);
  // Until the firmware tells its version, with the model's timings. DeviceDidNotReturn.
  Result<DeviceSnapshot> awaitApplication(StepContext& step);
  // Once protection was changed, which resets the device.
  Status enterAgain(StepContext& step);
  // Ends the conversation; a bootloader that was started by lines is reset to where it came from.
  void leave();
  // Ends it and leaves the bootloader waiting for the next one.
  void stay();

 private:
  struct Told {
    Version version;
    QString serial;
  };

  Result<std::unique_ptr<ByteLink>> open(int baud, const QString& parity, const CancelToken& cancel);
  Result<std::unique_ptr<ByteLink>> openForBootloader(const CancelToken& cancel);
  Result<bool> mayAskApplication(const CancelToken& cancel);
  Status setLines(ByteLink& link, bool reset, bool boot0) const;
  Status bootByLines(ByteLink& link, bool bootloader) const;
  Status connect(const CancelToken& cancel);
  Status checkProduct(const CancelToken& cancel);
  Status readSerial(const CancelToken& cancel);
  Status checkSame(const QString& serial) const;
  Status enterAnew(StepContext& step);
  Result<std::optional<Told>> askApplication(const Deadline& deadline, const CancelToken& cancel);
  DeviceSnapshot bareSnapshot() const;
  Result<DeviceSnapshot> lookInside(const CancelToken& cancel);
  DeviceSnapshot running(const Told& told) const;
  QString howToEnter() const;

  const ModelDescription model_;
  const Stm32Settings settings_;
  const LinkAddress address_;
  LinkOpener& links_;
  Stm32Patience patience_;
  Stm32Times times_;
  std::optional<QString> known_;  // serial number of the unit that was identified, as far as it tells
  std::unique_ptr<ByteLink> link_;
  std::unique_ptr<Stm32Session> session_;
  Stm32FlashLayout layout_;
  QString serial_;            // of the one inside
  bool isProtected_ = false;  // of the one inside
};

}  // namespace sealift

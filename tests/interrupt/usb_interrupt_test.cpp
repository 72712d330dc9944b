// DFU and DfuSe, which replace firmware in place, and fastboot with its two slots: over USB.
#include "tests/interrupt/interrupt_test.h"
#include "tests/support/virtual_test_bus.h"
#include "tests/support/virtual_units.h"

#include <QTest>

using namespace sealift;
using namespace sealift::test;

namespace {

constexpr qsizetype kImageBytes = 6'000;

}  // namespace

class UsbInterruptTest final : public InterruptTest {
  Q_OBJECT

 public:
  UsbInterruptTest()
      : InterruptTest({
            {QStringLiteral("DFU, full image"), [] { return std::make_unique<VirtualDfuUnit>(bus(), kImageBytes); }},
            {QStringLiteral("DfuSe, full image"),
             [] { return std::make_unique<VirtualDfuseUnit>(bus(), kImageBytes); }},
            {QStringLiteral("DfuSe, sectors that differ"),
             [] { return std::make_unique<VirtualDfuseUnit>(bus(), kImageBytes, FirmwarePair::Alike); }, 25,
             QStringLiteral("DfuSe, full image")},
            {QStringLiteral("fastboot, full image"),
             [] { return std::make_unique<FastbootUnit>(FastbootUnit::Transport::Usb, &bus(), kImageBytes); }},
        }) {}

 private:
  static UsbTestBus& bus() {
    static VirtualTestBus instance;
    instance.unplugAll();
    return instance;
  }
};

QTEST_GUILESS_MAIN(UsbInterruptTest)
#include "usb_interrupt_test.moc"

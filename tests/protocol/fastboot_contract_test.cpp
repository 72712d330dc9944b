// Fastboot over TCP, UDP and USB, held to what every driver promises.
#include "tests/support/driver_contract.h"
#include "tests/support/virtual_test_bus.h"
#include "tests/support/virtual_units.h"

#include <QTest>

using namespace sealift;
using namespace sealift::test;

namespace {

UsbTestBus& bus() {
  static VirtualTestBus instance;
  return instance;
}

}  // namespace

class FastbootContractTest final : public DriverContract {
  Q_OBJECT

 public:
  FastbootContractTest()
      : DriverContract({
            {QStringLiteral("fastboot over TCP"), QStringLiteral("fastboot"),
             [] { return std::make_unique<FastbootUnit>(FastbootUnit::Transport::Tcp); }},
            {QStringLiteral("fastboot over UDP"), QStringLiteral("fastboot"),
             [] { return std::make_unique<FastbootUnit>(FastbootUnit::Transport::Udp); }, ContractEffort::Brief},
            {QStringLiteral("fastboot over USB"), QStringLiteral("fastboot"),
             [] { return std::make_unique<FastbootUnit>(FastbootUnit::Transport::Usb, &bus()); }},
        }) {}
};

QTEST_GUILESS_MAIN(FastbootContractTest)
#include "fastboot_contract_test.moc"

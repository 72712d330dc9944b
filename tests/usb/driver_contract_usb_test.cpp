// The drivers of USB devices, held to what every driver promises, over the kernel's own USB stack.
#include "tests/support/driver_contract.h"
#include "tests/support/kernel_test_bus.h"
#include "tests/support/virtual_units.h"

#include <QTest>

using namespace sealift;
using namespace sealift::test;

namespace {

UsbTestBus& bus() {
  static KernelTestBus instance;
  return instance;
}

// The guest is emulated in software: fewer of the ways in which a job can go wrong, the others on the bus within the
// program (tests/protocol).
constexpr ContractEffort kEffort = ContractEffort::Least;

}  // namespace

class DriverContractUsbTest final : public DriverContract {
  Q_OBJECT

 public:
  DriverContractUsbTest()
      : DriverContract(
            {{QStringLiteral("DFU"), QStringLiteral("dfu"), [] { return std::make_unique<VirtualDfuUnit>(bus()); },
              kEffort},
             {QStringLiteral("DfuSe"), QStringLiteral("dfuse"),
              [] { return std::make_unique<VirtualDfuseUnit>(bus()); }, kEffort},
             {QStringLiteral("fastboot"), QStringLiteral("fastboot"),
              [] { return std::make_unique<FastbootUnit>(FastbootUnit::Transport::Usb, &bus(), kUnitImageBytes, 6); },
              kEffort}}) {}
};

QTEST_GUILESS_MAIN(DriverContractUsbTest)
#include "driver_contract_usb_test.moc"

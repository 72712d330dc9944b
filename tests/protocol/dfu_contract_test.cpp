// USB DFU and DfuSe, held to what every driver promises.
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

class DfuContractTest final : public DriverContract {
  Q_OBJECT

 public:
  DfuContractTest()
      : DriverContract({
            {QStringLiteral("DFU"), QStringLiteral("dfu"), [] { return std::make_unique<VirtualDfuUnit>(bus()); }},
            {QStringLiteral("DfuSe"), QStringLiteral("dfuse"),
             [] { return std::make_unique<VirtualDfuseUnit>(bus()); }},
        }) {}
};

QTEST_GUILESS_MAIN(DfuContractTest)
#include "dfu_contract_test.moc"

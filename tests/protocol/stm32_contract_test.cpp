// STM32 over serial, held to what every driver promises: boards whose bootloader is reached by the adapter's lines and
// whose firmware tells its version, and boards where somebody has closed a jumper and nothing tells what runs.
#include "tests/support/driver_contract.h"
#include "tests/support/stm32_unit.h"

#include <QTest>

using namespace sealift;
using namespace sealift::test;

class Stm32ContractTest final : public DriverContract {
  Q_OBJECT

 public:
  Stm32ContractTest()
      : DriverContract({{QStringLiteral("STM32 by lines"), QStringLiteral("stm32"),
                         [] { return std::make_unique<VirtualStm32Unit>(true); }},
                        {QStringLiteral("STM32 by hand"), QStringLiteral("stm32"),
                         [] { return std::make_unique<VirtualStm32Unit>(false); }}}) {}
};

QTEST_GUILESS_MAIN(Stm32ContractTest)
#include "stm32_contract_test.moc"

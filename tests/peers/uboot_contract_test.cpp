// The driver for U-Boot, held to what every driver promises, on a real U-Boot.
#include "tests/support/driver_contract.h"
#include "tests/support/uboot_unit.h"

#include <QTest>

using namespace sealift;
using namespace sealift::test;

class UbootContractTest final : public DriverContract {
  Q_OBJECT

 public:
  UbootContractTest()
      : DriverContract({{QStringLiteral("U-Boot"), QStringLiteral("uboot"),
                         [] { return std::make_unique<UbootUnit>(); }, ContractEffort::Least}}) {}
};

int main(int argc, char** argv) {
  const QCoreApplication app(argc, argv);
  if (const QString why = UbootMachine::whyNotHere(); !why.isEmpty()) {
    std::printf("SKIP: %s\n", qUtf8Printable(why));
    return 77;
  }
  UbootContractTest test;
  return QTest::qExec(&test, argc, argv);
}

#include "uboot_contract_test.moc"

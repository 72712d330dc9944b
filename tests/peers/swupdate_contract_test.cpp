// The driver for SWUpdate, held to what every driver promises, on Debian's real daemon.
#include "tests/support/driver_contract.h"
#include "tests/support/swupdate_unit.h"

#include <QTest>

using namespace sealift;
using namespace sealift::test;

class SwupdateContractTest final : public DriverContract {
  Q_OBJECT

 public:
  SwupdateContractTest()
      : DriverContract({{QStringLiteral("SWUpdate"), QStringLiteral("swupdate"),
                         [] { return std::make_unique<SwupdateUnit>(); }, ContractEffort::Brief}}) {
    if (SwupdateBoard::program().isEmpty()) {
      leaveOut(QStringLiteral("swupdate is not installed (Debian: swupdate)"));
    } else if (!SwuMaker::missingTool().isEmpty()) {
      leaveOut(SwuMaker::missingTool() + QStringLiteral(" is not installed"));
    }
  }
};

QTEST_GUILESS_MAIN(SwupdateContractTest)
#include "swupdate_contract_test.moc"

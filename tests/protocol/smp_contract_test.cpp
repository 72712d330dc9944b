// SMP over UDP and over a serial line, held to what every driver promises.
#include "tests/support/driver_contract.h"
#include "tests/support/virtual_units.h"

#include <QTest>

using namespace sealift;
using namespace sealift::test;

class SmpContractTest final : public DriverContract {
  Q_OBJECT

 public:
  SmpContractTest()
      : DriverContract({
            {QStringLiteral("SMP over UDP"), QStringLiteral("smp"),
             [] { return std::make_unique<SmpUnit>(VirtualSmpDevice::Transport::Udp); }},
            {QStringLiteral("SMP over serial"), QStringLiteral("smp"),
             [] { return std::make_unique<SmpUnit>(VirtualSmpDevice::Transport::Pty); }},
            {QStringLiteral("SMP over serial at 115200 baud"), QStringLiteral("smp"),
             [] { return std::make_unique<SmpUnit>(VirtualSmpDevice::Transport::Pty, 115200); }, ContractEffort::Least},
        }) {}
};

QTEST_GUILESS_MAIN(SmpContractTest)
#include "smp_contract_test.moc"

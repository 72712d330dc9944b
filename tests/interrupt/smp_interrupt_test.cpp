// SMP and MCUboot: two slots, one trial boot.
#include "tests/interrupt/direct_smp_unit.h"
#include "tests/interrupt/interrupt_test.h"

#include <QTest>

using namespace sealift;
using namespace sealift::test;

class SmpInterruptTest final : public InterruptTest {
  Q_OBJECT

 public:
  SmpInterruptTest()
      : InterruptTest({
            {QStringLiteral("SMP, full image"), [] { return std::make_unique<DirectSmpUnit>(); }},
            {QStringLiteral("SMP, delta"), [] { return std::make_unique<DirectSmpUnit>(/*byDelta=*/true); }},
        }) {}
};

QTEST_GUILESS_MAIN(SmpInterruptTest)
#include "smp_interrupt_test.moc"

// An STM32's own bootloader on a serial line: firmware in place, with and without a way to be told what runs.
#include "tests/interrupt/interrupt_test.h"
#include "tests/support/stm32_unit.h"

#include <QTest>

using namespace sealift;
using namespace sealift::test;

namespace {

constexpr qsizetype kImageBytes = 2'000;
constexpr qsizetype kAlikeBytes = 3'000;  // three sectors

}  // namespace

class Stm32InterruptTest final : public InterruptTest {
  Q_OBJECT

 public:
  Stm32InterruptTest()
      : InterruptTest({
            {QStringLiteral("STM32 by lines, full image"),
             [] { return std::make_unique<VirtualStm32Unit>(true, kImageBytes); }, 40},
            {QStringLiteral("STM32 by hand, full image"),
             [] { return std::make_unique<VirtualStm32Unit>(false, kImageBytes); }, 40},
            {QStringLiteral("STM32 by lines, sectors that differ"),
             [] { return std::make_unique<VirtualStm32Unit>(true, kAlikeBytes, FirmwarePair::Alike); }, 20},
        }) {}
};

QTEST_GUILESS_MAIN(Stm32InterruptTest)
#include "stm32_interrupt_test.moc"

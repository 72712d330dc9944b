// A request to end that comes a moment before, or while, a question is asked.
#include "app/cli/interrupt.h"

#include <QTest>

#include <csignal>
#include <functional>
#include <sys/wait.h>
#include <unistd.h>

using namespace sealift;

namespace {

constexpr int kStatus = 7;
constexpr int kWentOn = 1;

// How a process ends that does this.
int statusOf(const std::function<void()>& act) {
  const pid_t child = fork();
  if (child == 0) {
    act();
    _exit(kWentOn);
  }
  int status = -1;
  return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

class InterruptTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void outsideOfAQuestionTheProgramGoesOn() {
    QCOMPARE(statusOf([] {
               const Interrupt interrupt([] {});
               std::raise(SIGINT);
             }),
             kWentOn);
  }

  void duringAQuestionItEndsTheProgram() {
    QCOMPARE(statusOf([] {
               const Interrupt interrupt([] {});
               const Interrupt::EndsAtOnce question(kStatus);
               std::raise(SIGINT);
             }),
             kStatus);
  }

  // The event loop, which would hear it, stands still while the answer is read.
  void aMomentBeforeAQuestionItEndsTheProgram() {
    QCOMPARE(statusOf([] {
               const Interrupt interrupt([] {});
               std::raise(SIGINT);
               const Interrupt::EndsAtOnce question(kStatus);
             }),
             kStatus);
  }
};

QTEST_GUILESS_MAIN(InterruptTest)
#include "interrupt_test.moc"

// Linux, over the system's D-Bus.
#include "app/update/sleep_inhibitor.h"

#include <QDBusConnection>
#include <QDBusMessage>
#include <QDBusUnixFileDescriptor>
#include <QUuid>

namespace sealift {
namespace {

constexpr int kCallMs = 1000;  // there are at most two

class Descriptor final : public SleepHold {
 public:
  explicit Descriptor(const QDBusUnixFileDescriptor& lock) : lock_(lock) {}

 private:
  QDBusUnixFileDescriptor lock_;  // closed with this, which is what logind waits for
};

class LogindInhibitor final : public SleepInhibitor {
 public:
  Result<std::unique_ptr<SleepHold>> inhibit(const QString& why) override {
    const QString name = QUuid::createUuid().toString();
    Result<std::unique_ptr<SleepHold>> hold = ask(name, why);
    QDBusConnection::disconnectFromBus(name);  // the lock is the descriptor's
    return hold;
  }

 private:
  static Result<std::unique_ptr<SleepHold>> ask(const QString& name, const QString& why) {
    const QDBusConnection bus = QDBusConnection::connectToBus(QDBusConnection::SystemBus, name);
    if (!bus.isConnected()) {
      return fail(ErrorCode::NotSupported, QStringLiteral("The system's message bus can't be reached."));
    }
    // Closing the lid is minded only by the lock of its own (logind.conf, LidSwitchIgnoreInhibited), which not every
    // session may take.
    QString problem;
    for (const QString& what : {QStringLiteral("sleep:idle:handle-lid-switch"), QStringLiteral("sleep:idle")}) {
      QDBusMessage call = QDBusMessage::createMethodCall(
          QStringLiteral("org.freedesktop.login1"), QStringLiteral("/org/freedesktop/login1"),
          QStringLiteral("org.freedesktop.login1.Manager"), QStringLiteral("Inhibit"));
      call << what << QStringLiteral("Sealift") << why << QStringLiteral("block");
      const QDBusMessage answer = bus.call(call, QDBus::Block, kCallMs);
      const auto lock = answer.arguments().value(0).value<QDBusUnixFileDescriptor>();
      if (answer.type() == QDBusMessage::ReplyMessage && lock.isValid()) {
        return std::make_unique<Descriptor>(lock);
      }
      problem = answer.type() == QDBusMessage::ErrorMessage ? answer.errorMessage()
                                                            : QStringLiteral("the answer holds no lock");
    }
    return fail(ErrorCode::NotSupported,
                QStringLiteral("The system does not take the wish to stay awake: %1.").arg(problem.left(200)));
  }
};

}  // namespace

std::unique_ptr<SleepInhibitor> makeSystemSleepInhibitor() {
  return std::make_unique<LogindInhibitor>();
}

}  // namespace sealift

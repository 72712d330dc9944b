#include "app/update/host_power.h"

#include <QDir>
#include <QFile>

#include <algorithm>

#ifdef Q_OS_WIN
#include <windows.h>
#endif

namespace sealift {
namespace {

constexpr qint64 kLongestValue = 64;

QString valueOf(const QDir& supply, const QString& name) {
  QFile file(supply.filePath(name));
  return file.open(QIODevice::ReadOnly) ? QString::fromLatin1(file.read(kLongestValue)).trimmed() : QString();
}

}  // namespace

std::optional<HostPower> readPowerSupplies(const QString& folder) {
  int batteries = 0;
  int sum = 0;
  bool discharging = false;
  bool fed = false;
  const QDir all(folder);
  for (const QString& name : all.entryList(QDir::Dirs | QDir::NoDotAndDotDot)) {
    const QDir supply(all.filePath(name));
    if (valueOf(supply, QStringLiteral("scope")) == QLatin1String("Device")) {
      continue;  // of a mouse, say
    }
    const QString type = valueOf(supply, QStringLiteral("type"));
    if (type == QLatin1String("Mains") || type == QLatin1String("USB")) {
      fed = fed || valueOf(supply, QStringLiteral("online")) == QLatin1String("1");
    } else if (type == QLatin1String("Battery") && valueOf(supply, QStringLiteral("present")) != QLatin1String("0")) {
      bool told = false;
      const int percent = valueOf(supply, QStringLiteral("capacity")).toInt(&told);
      if (told) {
        ++batteries;
        sum += std::clamp(percent, 0, 100);
        discharging = discharging || valueOf(supply, QStringLiteral("status")) == QLatin1String("Discharging");
      }
    }
  }
  return batteries == 0 ? std::nullopt : std::optional(HostPower{discharging && !fed, sum / batteries});
}

std::optional<HostPower> systemPower() {
#if defined(Q_OS_WIN)
  // Win32, GetSystemPowerStatus: flag 128 is no battery, 255 is unknown; so is a percentage of 255.
  SYSTEM_POWER_STATUS status{};
  constexpr BYTE kNoBattery = 128;
  constexpr BYTE kUnknown = 255;
  if (GetSystemPowerStatus(&status) == 0 || (status.BatteryFlag & kNoBattery) != 0 ||
      status.BatteryLifePercent == kUnknown) {
    return std::nullopt;
  }
  return HostPower{status.ACLineStatus == 0, std::clamp<int>(status.BatteryLifePercent, 0, 100)};
#else
  return readPowerSupplies(QStringLiteral("/sys/class/power_supply"));
#endif
}

std::optional<Check> checkHostPower(const std::optional<HostPower>& power) {
  if (!power) {
    return std::nullopt;
  }
  const QString id = QString::fromLatin1(kHostPowerCheck);
  const QString title = QStringLiteral("This computer has enough power");
  const QString battery = QStringLiteral("its battery is at %1 %").arg(power->percent);
  if (!power->onBattery) {
    return Check::passed(id, title, QStringLiteral("it is plugged in"));
  }
  if (power->percent < kRefuseHostBattery) {
    return Check::failed(id, QStringLiteral("This computer's battery is too low"),
                         makeError(ErrorCode::PolicyPower, QStringLiteral("This computer runs on its battery, which is "
                                                                          "at %1 %; an update needs %2 %.")
                                                               .arg(power->percent)
                                                               .arg(kRefuseHostBattery)));
  }
  return power->percent < kWarnHostBattery
             ? Check::warning(id, QStringLiteral("This computer's battery is low"), battery)
             : Check::passed(id, title, battery);
}

}  // namespace sealift

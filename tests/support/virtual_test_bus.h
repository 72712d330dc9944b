// The bus within the program, for tests that run on any bus.
#pragma once

#include "devices/virtual/virtual_usb_bus.h"
#include "tests/support/usb_test_bus.h"

#include <map>

namespace sealift {

class VirtualTestBus final : public UsbTestBus {
 public:
  LinkOpener& opener() override { return bus_; }
  QString plugIn(const std::shared_ptr<UsbFunction>& function) override {
    const QString place = QStringLiteral("1-2.%1").arg(plugged_.size() + 1);
    plugged_[place] = function;
    bus_.plugIn(place, function);
    return place;
  }
  void unplug(const QString& place) override { bus_.unplug(place); }
  void plugInAgain(const QString& place) override { bus_.plugIn(place, plugged_.at(place)); }
  void unplugAtTransfer(const QString& place, quint64 n) override { bus_.unplugAtTransfer(place, n); }
  void unplugAll() override {
    for (const auto& [place, function] : plugged_) {
      bus_.unplug(place);
    }
    plugged_.clear();
  }
  VirtualUsbBus& bus() { return bus_; }

 private:
  VirtualUsbBus bus_;
  std::map<QString, std::shared_ptr<UsbFunction>> plugged_;
};

}  // namespace sealift

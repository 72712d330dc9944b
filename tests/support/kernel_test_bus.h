// The kernel's own bus, with virtual devices on it by vhci-hcd; in the guest only (tests/usb).
#pragma once

#include "devices/virtual/usbip_server.h"
#include "tests/support/usb_test_bus.h"

#include <map>

namespace sealift {

class KernelTestBus final : public UsbTestBus {
 public:
  LinkOpener& opener() override { return opener_; }
  QString plugIn(const std::shared_ptr<UsbFunction>& function) override {
    auto server = std::make_unique<UsbipServer>(function);
    if (const Status plugged = server->plugIn(); !plugged) {
      qWarning("%s", qPrintable(plugged.error().message()));
      return {};
    }
    const QString place = server->place();
    servers_[place] = std::move(server);
    return place;
  }
  void unplug(const QString& place) override { servers_.erase(place); }
  void plugInAgain(const QString& place) override {
    servers_.at(place)->unplug();
    if (const Status plugged = servers_.at(place)->plugIn(); !plugged) {
      qWarning("%s", qPrintable(plugged.error().message()));
    }
  }
  void unplugAtTransfer(const QString& place, quint64 n) override { servers_.at(place)->unplugAtTransfer(n); }
  void unplugAll() override { servers_.clear(); }

 private:
  SystemLinkOpener opener_;
  std::map<QString, std::unique_ptr<UsbipServer>> servers_;
};

}  // namespace sealift

// Where devices are plugged in and out for tests of discovery: a virtual USB, serial ports whose names lead to pseudo
// terminals, services that somebody "announces"; and a count of what was opened.
#pragma once

#include "devices/virtual/virtual_usb_bus.h"

#include <QHash>
#include <QMap>

#include <mutex>

namespace sealift::test {

class PlugBoard final : public LinkOpener {
 public:
  VirtualUsbBus bus;

  // `leadsTo`: what answers there; nothing: opening fails.
  void plugPort(const SerialPortInfo& info, const LinkAddress& leadsTo = {}) {
    const std::scoped_lock lock(mutex_);
    ports_.insert(info.port, {info, leadsTo});
  }
  void unplugPort(const QString& port) {
    const std::scoped_lock lock(mutex_);
    ports_.remove(port);
  }
  void announce(const QList<DnsSdService>& services) {
    ServiceListener listener;
    {
      const std::scoped_lock lock(mutex_);
      services_ = services;
      listener = listener_;
    }
    if (listener) {
      listener(services);
    }
  }
  QStringList askedTypes() const {
    const std::scoped_lock lock(mutex_);
    return types_;
  }
  int opened(const QString& address) const {
    const std::scoped_lock lock(mutex_);
    return opened_.value(address);
  }
  int openedInAll() const {
    const std::scoped_lock lock(mutex_);
    int all = 0;
    for (const int times : opened_) {
      all += times;
    }
    return all;
  }

  Result<QList<UsbDeviceInfo>> usbDevices() override { return bus.usbDevices(); }
  Result<std::unique_ptr<UsbLink>> openUsb(const LinkAddress& address, const CancelToken& cancel) override {
    count(address);
    return bus.openUsb(address, cancel);
  }
  Result<QList<SerialPortInfo>> serialPorts() override {
    const std::scoped_lock lock(mutex_);
    QList<SerialPortInfo> infos;
    for (const auto& [info, leadsTo] : ports_) {
      infos << info;
    }
    return infos;
  }
  Result<std::unique_ptr<ByteLink>> openBytes(const LinkAddress& address, const CancelToken& cancel) override {
    count(address);
    LinkAddress target;
    {
      const std::scoped_lock lock(mutex_);
      target = ports_.value(address.target).second;
    }
    if (target.target.isEmpty()) {
      return fail(ErrorCode::LinkOpen, QStringLiteral("Another program has %1.").arg(address.target));
    }
    return system_.openBytes(target, cancel);
  }
  Result<std::unique_ptr<DatagramLink>> openDatagrams(const LinkAddress& address, const CancelToken& cancel) override {
    count(address);
    return system_.openDatagrams(address, cancel);
  }
  Result<std::unique_ptr<ServiceBrowsing>> browseServices(const QStringList& types,
                                                          const ServiceListener& listener) override {
    {
      const std::scoped_lock lock(mutex_);
      types_ = types;
      listener_ = listener;
    }
    return std::make_unique<Browsing>(*this);
  }

 private:
  class Browsing final : public ServiceBrowsing {
   public:
    explicit Browsing(PlugBoard& board) : board_(board) {}
    Browsing(const Browsing&) = delete;
    Browsing& operator=(const Browsing&) = delete;
    ~Browsing() override {
      const std::scoped_lock lock(board_.mutex_);
      board_.types_.clear();
      board_.listener_ = {};
    }

   private:
    PlugBoard& board_;
  };

  void count(const LinkAddress& address) {
    const std::scoped_lock lock(mutex_);
    ++opened_[address.toString()];
  }

  mutable std::mutex mutex_;
  SystemLinkOpener system_;
  QMap<QString, std::pair<SerialPortInfo, LinkAddress>> ports_;
  QList<DnsSdService> services_;
  QStringList types_;
  ServiceListener listener_;
  QHash<QString, int> opened_;
};

}  // namespace sealift::test

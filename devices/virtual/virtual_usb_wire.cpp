#include "devices/virtual/virtual_usb_wire.h"

namespace sealift {

VirtualUsbSocket* VirtualUsbWire::present(const QString& place) {
  const auto found = sockets_.find(place);
  if (found == sockets_.end()) {
    return nullptr;
  }
  VirtualUsbSocket& socket = *found->second;
  if (socket.visit != 0) {
    if (const std::optional<std::chrono::milliseconds> away = socket.core.fellOff()) {
      leave(socket, *away);
    }
  }
  if (socket.visit == 0 && socket.returnsAt && std::chrono::steady_clock::now() >= *socket.returnsAt) {
    attach(socket);
  }
  return socket.visit == 0 ? nullptr : &socket;
}

QStringList VirtualUsbWire::places() {
  QStringList found;
  for (const auto& [place, socket] : sockets_) {
    if (present(place) != nullptr) {
      found.append(place);
    }
  }
  return found;
}

void VirtualUsbWire::plugIn(const QString& place, const std::shared_ptr<UsbFunction>& function) {
  unplug(place);
  const auto inserted = sockets_.emplace(place, std::make_unique<VirtualUsbSocket>(function));
  attach(*inserted.first->second);
}

void VirtualUsbWire::attach(VirtualUsbSocket& socket) {
  socket.returnsAt.reset();
  socket.core.attach();
  becomeAnother(socket);
}

void VirtualUsbWire::becomeAnother(VirtualUsbSocket& socket) {
  socket.claims.clear();
  socket.visit = ++visits_;
  change.notify_all();
}

void VirtualUsbWire::leave(VirtualUsbSocket& socket, std::chrono::milliseconds away) {
  socket.visit = 0;
  socket.claims.clear();
  if (away.count() >= 0) {
    socket.returnsAt = std::chrono::steady_clock::now() + away;
  }
  change.notify_all();
}

void VirtualUsbWire::unplug(const QString& place) {
  const auto found = sockets_.find(place);
  if (found != sockets_.end()) {
    found->second->function->unplug();
    sockets_.erase(found);
    change.notify_all();
  }
}

void VirtualUsbWire::unplugAll() {
  while (!sockets_.empty()) {
    unplug(QString(sockets_.begin()->first));  // a copy: it goes with the socket
  }
}

}  // namespace sealift

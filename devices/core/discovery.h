// Which models name a thing that was found: by the identity of a USB device, by that of the adapter in front of a
// serial port, by the type of a service on the network. Pure functions: nothing is opened, and nothing that no model
// names is worth opening.
#pragma once

#include "devices/core/model.h"
#include "transports/links/dns_sd_service.h"
#include "transports/links/serial_ports.h"
#include "transports/links/usb_link.h"

#include <optional>

namespace sealift {

QList<ModelDescription> modelsForUsb(const QList<ModelDescription>& models, const UsbDeviceInfo& device);
// Those that are reached over a serial port, with this adapter in front of them. None for a port without one: what is
// behind it can't be told without asking.
QList<ModelDescription> modelsForSerialPort(const QList<ModelDescription>& models, const SerialPortInfo& port);
// Those that name the service's type and are reached over its transport.
QList<ModelDescription> modelsForService(const QList<ModelDescription>& models, const DnsSdService& service);
// What has to be asked for on the network, each once; types that are none are left out.
QStringList serviceTypesOf(const QList<ModelDescription>& models);
// Where a unit of this model is reached that announces this service; nothing when the model is not reached so. Of
// several addresses the first: IPv4 before IPv6.
std::optional<LinkAddress> addressFor(const ModelDescription& model, const DnsSdService& service);

}  // namespace sealift

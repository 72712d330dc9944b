#include "ui/dialogs/add_device_dialog.h"

#include "ui/style/tokens.h"
#include "ui/style/typography.h"
#include "ui/widgets/text_label.h"
#include "ui/widgets/when_done.h"

#include <QIntValidator>
#include <QLineEdit>
#include <QVBoxLayout>

namespace sealift {

namespace {
constexpr int kLongestHost = 253;  // of a domain name (RFC 1035, section 2.3.4, without the final dot)
constexpr int kLongestPort = 255;
constexpr int kLongestName = 80;
constexpr int kSmpPort = 1337;  // where MCUmgr's UDP transport listens unless told otherwise
}  // namespace

AddDeviceDialog::AddDeviceDialog(Station& station, QWidget* parent)
    : DialogFrame(QStringLiteral("addDeviceDialog"), tr("Add a device"),
                  tr("Sealift asks the device who it is. Nothing is written to it."), parent),
      station_(station) {
  const auto row = [this] {
    auto* widget = new QWidget;
    auto* layout = new QHBoxLayout(widget);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(space::kS);
    body()->addWidget(widget);
    return widget;
  };
  body()->addWidget(new TextLabel(TextStyle::BodyBold, TextTone::Muted, tr("Connection")));
  kind_ = new ChoiceButton(tr("Connection"), QStringLiteral("addDeviceKind"));
  kind_->addChoice(tr("Network (UDP)"), QStringLiteral("udp"));
  kind_->addChoice(tr("Network (TCP)"), QStringLiteral("tcp"));
  kind_->addChoice(tr("Serial port"), QStringLiteral("serial"));
  body()->addWidget(kind_, 0, Qt::AlignLeft);

  networkFields_ = row();
  host_ = addField(tr("Host name or IP address"), QStringLiteral("addDeviceHost"), tr("192.168.4.21"),
                   networkFields_->layout());
  host_->setMaxLength(kLongestHost);
  networkPort_ = addField(tr("Port"), QStringLiteral("addDevicePort"), tr("Port"), networkFields_->layout());
  networkPort_->setValidator(new QIntValidator(1, 65535, networkPort_));
  networkPort_->setText(QString::number(kSmpPort));
  networkPort_->setMaximumWidth(96);

  serialFields_ = row();
  port_ = addField(tr("Serial port"), QStringLiteral("addDeviceSerialPort"), tr("/dev/ttyUSB0 or COM7"),
                   serialFields_->layout());
  port_->setMaxLength(kLongestPort);
  baud_ = new ChoiceButton(tr("Baud rate"), QStringLiteral("addDeviceBaud"));
  for (const int baud : {115200, 9600, 57600, 230400, 460800, 921600}) {
    baud_->addChoice(tr("%1 baud").arg(baud), baud);
  }
  serialFields_->layout()->addWidget(baud_);

  body()->addWidget(new TextLabel(TextStyle::BodyBold, TextTone::Muted, tr("Name")));
  name_ = addField(tr("Name of the device"), QStringLiteral("addDeviceName"), tr("Hall thermostat"), body());
  name_->setMaxLength(kLongestName);
  body()->addWidget(new TextLabel(TextStyle::BodyBold, TextTone::Muted, tr("Model")));
  model_ = new ChoiceButton(tr("Model"), QStringLiteral("addDeviceModel"));
  model_->addChoice(tr("Find out"), QString());
  const QList<VendorView> vendors = station_.vendors();
  for (const VendorView& vendor : vendors) {
    for (const QString& model : vendor.models) {
      model_->addChoice(model, model);
    }
  }
  body()->addWidget(model_, 0, Qt::AlignLeft);

  QPushButton* cancel = addButton(tr("Cancel"), QStringLiteral("addDeviceCancel"), ButtonKind::Secondary);
  ok_ = addButton(tr("Add device"), QStringLiteral("addDeviceOk"), ButtonKind::Primary);
  ok_->setDefault(true);
  connect(cancel, &QPushButton::clicked, this, &QDialog::reject);
  connect(ok_, &QPushButton::clicked, this, &AddDeviceDialog::add);
  connect(kind_, &ChoiceButton::chosen, this, &AddDeviceDialog::showKind);
  for (QLineEdit* edit : {host_, networkPort_, port_}) {
    connect(edit, &QLineEdit::textChanged, this, [this] { ok_->setEnabled(!address().isEmpty()); });
  }
  showKind();
}

QLineEdit* AddDeviceDialog::addField(const QString& label, const QString& name, const QString& placeholder,
                                     QLayout* layout) {
  auto* edit = new QLineEdit;
  edit->setObjectName(name);
  edit->setAccessibleName(label);
  edit->setPlaceholderText(placeholder);
  edit->setFont(textFont(TextStyle::Body));
  layout->addWidget(edit);
  return edit;
}

void AddDeviceDialog::showKind() {
  const bool serial = kind_->value().toString() == QLatin1String("serial");
  serialFields_->setVisible(serial);
  networkFields_->setVisible(!serial);
  ok_->setEnabled(!address().isEmpty());
  (serial ? port_ : host_)->setFocus();
}

QString AddDeviceDialog::address() const {
  const QString kind = kind_->value().toString();
  if (kind == QLatin1String("serial")) {
    const QString port = port_->text().trimmed();
    return port.isEmpty() ? QString() : QStringLiteral("serial:%1?baud=%2").arg(port).arg(baud_->value().toInt());
  }
  QString host = host_->text().trimmed();
  if (host.isEmpty() || !networkPort_->hasAcceptableInput()) {
    return {};
  }
  if (host.contains(QLatin1Char(':')) && !host.startsWith(QLatin1Char('['))) {
    host = QLatin1Char('[') + host + QLatin1Char(']');  // an IPv6 address before a port (RFC 3986, section 3.2.2)
  }
  return QStringLiteral("%1:%2:%3").arg(kind, host, networkPort_->text());
}

void AddDeviceDialog::add() {
  hideError();
  ok_->setEnabled(false);
  ok_->setText(tr("Asking the device\u2026"));
  whenDone(this, station_.addDevice(address(), name_->text().trimmed(), model_->value().toString()),
           [this](const Result<DeviceView>& added) {
             ok_->setEnabled(true);
             ok_->setText(tr("Add device"));
             if (!added) {
               showError(added.error());
               return;
             }
             Q_EMIT deviceAdded(added->id);
             accept();
           });
}

}  // namespace sealift

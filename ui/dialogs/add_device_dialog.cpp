#include "ui/dialogs/add_device_dialog.h"

#include "ui/dialogs/help_dialog.h"
#include "ui/models/device_delegate.h"
#include "ui/models/found_list_model.h"
#include "ui/style/tokens.h"
#include "ui/style/typography.h"
#include "ui/widgets/card.h"
#include "ui/widgets/text_label.h"
#include "ui/widgets/when_done.h"

#include <QIntValidator>
#include <QLineEdit>
#include <QListView>
#include <QRegularExpressionValidator>
#include <QVBoxLayout>

#include <algorithm>

namespace sealift {

namespace {
constexpr int kLongestHost = 253;  // of a domain name (RFC 1035, section 2.3.4, without the final dot)
constexpr int kLongestPort = 255;
constexpr int kLongestName = 80;
constexpr int kFoundRows = 2;  // that are seen at once
constexpr int kFoundRow = 61;  // px, of one with one line
constexpr int kFoundWidth = 480;
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
  buildFound();
  body()->addWidget(new TextLabel(TextStyle::BodyBold, TextTone::Muted, tr("Connection")));
  kind_ = new ChoiceButton(tr("Connection"), QStringLiteral("addDeviceKind"));
  kind_->addChoice(tr("Network (UDP)"), QStringLiteral("udp"));
  kind_->addChoice(tr("Network (TCP)"), QStringLiteral("tcp"));
  kind_->addChoice(tr("Network (HTTPS)"), QStringLiteral("https"));
  kind_->addChoice(tr("Serial port"), QStringLiteral("serial"));
  kind_->addChoice(tr("USB"), QStringLiteral("usb"));
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

  usbFields_ = row();
  place_ = addField(tr("Place on the USB"), QStringLiteral("addDeviceUsbPlace"), tr("1-2.3"), usbFields_->layout());
  place_->setValidator(new QRegularExpressionValidator(
      QRegularExpression(QStringLiteral("[0-9]{1,3}-[0-9]{1,3}(\\.[0-9]{1,3}){0,6}")), place_));

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

  QPushButton* help = addButton(tr("Help"), QStringLiteral("addDeviceHelp"), ButtonKind::Secondary);
  connect(help, &QPushButton::clicked, this,
          [this] { (new HelpDialog(QStringLiteral("finding-devices"), this))->open(); });
  QPushButton* cancel = addButton(tr("Cancel"), QStringLiteral("addDeviceCancel"), ButtonKind::Secondary);
  ok_ = addButton(tr("Add device"), QStringLiteral("addDeviceOk"), ButtonKind::Primary);
  ok_->setDefault(true);
  connect(cancel, &QPushButton::clicked, this, &QDialog::reject);
  connect(ok_, &QPushButton::clicked, this, &AddDeviceDialog::add);
  connect(kind_, &ChoiceButton::chosen, this, &AddDeviceDialog::showKind);
  for (QLineEdit* edit : {host_, networkPort_, port_, place_}) {
    connect(edit, &QLineEdit::textChanged, this, [this] { ok_->setEnabled(!address().isEmpty()); });
  }
  connect(&station_, &Station::foundChanged, this, &AddDeviceDialog::loadFound);
  showKind();
  loadFound();
}

void AddDeviceDialog::buildFound() {
  found_ = new FoundListModel(this);
  body()->addWidget(new TextLabel(TextStyle::BodyBold, TextTone::Muted, tr("Connected, and not known yet")));
  foundList_ = new QListView;
  foundList_->setObjectName(QStringLiteral("addDeviceFound"));
  foundList_->setAccessibleName(tr("Connected, and not known yet"));
  foundList_->setModel(found_);
  foundList_->setItemDelegate(new DeviceDelegate(foundList_));
  foundList_->setSelectionMode(QAbstractItemView::SingleSelection);
  foundList_->setEditTriggers(QAbstractItemView::NoEditTriggers);
  foundList_->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
  foundList_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  foundList_->setResizeMode(QListView::Adjust);
  foundList_->setMouseTracking(true);
  foundList_->setFrameShape(QFrame::NoFrame);
  foundList_->setMinimumWidth(kFoundWidth);
  body()->addWidget(foundList_);
  foundLine_ = makeLine();
  body()->addWidget(foundLine_);
  foundNote_ = makeWrappedLabel(TextStyle::Small, TextTone::Muted);
  foundNote_->setObjectName(QStringLiteral("addDeviceFoundNote"));
  body()->addWidget(foundNote_);
  // Not what is current: that is the first one as soon as the list has the focus.
  connect(foundList_->selectionModel(), &QItemSelectionModel::selectionChanged, this,
          [this](const QItemSelection& selected) { take(selected.indexes().value(0)); });
}

void AddDeviceDialog::loadFound() {
  found_->setFound(station_.found());
  const int rows = found_->rowCount();
  foundList_->setVisible(rows > 0);
  foundLine_->setVisible(rows > 0);
  foundList_->setFixedHeight(std::clamp(rows, 1, kFoundRows) * kFoundRow + 2 * foundList_->frameWidth());
  if (!foundList_->selectionModel()->hasSelection()) {
    foundNote_->setText(rows > 0 ? tr("Choose one, or write an address. Sealift has not opened those that are marked "
                                      "so, and does it only when you add them.")
                                 : tr("Nothing else is connected. What an added vendor\u2019s model names is found by "
                                      "itself; everything else is added by its address."));
  }
}

// Writes the chosen one's address into the fields, where it can be seen and changed.
void AddDeviceDialog::take(const QModelIndex& index) {
  if (!index.isValid()) {
    return;
  }
  const FoundView& found = found_->at(index.row());
  foundNote_->setText(found.note);
  const QString kind = found.address.section(QLatin1Char(':'), 0, 0);
  const QString rest = found.address.mid(kind.size() + 1);
  kind_->setValue(kind);
  if (kind == QLatin1String("serial")) {
    port_->setText(rest.section(QLatin1Char('?'), 0, 0));
  } else if (kind == QLatin1String("usb")) {
    place_->setText(rest);
  } else {
    const qsizetype colon = rest.lastIndexOf(QLatin1Char(':'));
    host_->setText(rest.left(colon));
    networkPort_->setText(rest.mid(colon + 1));
  }
  ok_->setEnabled(!address().isEmpty());
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
  const QString kind = kind_->value().toString();
  const bool serial = kind == QLatin1String("serial");
  const bool usb = kind == QLatin1String("usb");
  serialFields_->setVisible(serial);
  usbFields_->setVisible(usb);
  networkFields_->setVisible(!serial && !usb);
  ok_->setEnabled(!address().isEmpty());
  if (!foundList_->hasFocus()) {
    (serial ? port_ : usb ? place_ : host_)->setFocus();
  }
}

QString AddDeviceDialog::address() const {
  const QString kind = kind_->value().toString();
  if (kind == QLatin1String("serial")) {
    const QString port = port_->text().trimmed();
    return port.isEmpty() ? QString() : QStringLiteral("serial:%1?baud=%2").arg(port).arg(baud_->value().toInt());
  }
  if (kind == QLatin1String("usb")) {
    return place_->hasAcceptableInput() ? QStringLiteral("usb:") + place_->text() : QString();
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

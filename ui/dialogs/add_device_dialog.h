// Adds a device: one of those that are connected and not known yet, or any by its address. The dialog stays until the
// device was found and named, or shows why not.
#pragma once

#include "app/services/station.h"
#include "ui/dialogs/dialog_frame.h"

class QLineEdit;
class QListView;
class QModelIndex;

namespace sealift {

class FoundListModel;
class TextLabel;

class AddDeviceDialog final : public DialogFrame {
  Q_OBJECT

 public:
  AddDeviceDialog(Station& station, QWidget* parent);

  // "serial:/dev/ttyUSB0?baud=115200", "usb:1-2", "udp:192.168.4.21:1337"; empty while fields are.
  QString address() const;

 Q_SIGNALS:
  void deviceAdded(const QString& id);

 private:
  QLineEdit* addField(const QString& label, const QString& name, const QString& placeholder, QLayout* layout);
  void buildFound();
  void loadFound();
  void take(const QModelIndex& index);
  void showKind();
  void add();

  Station& station_;
  FoundListModel* found_;
  QListView* foundList_;
  QWidget* foundLine_;
  TextLabel* foundNote_;
  ChoiceButton* kind_;
  QWidget* serialFields_;
  QWidget* networkFields_;
  QWidget* usbFields_;
  QLineEdit* port_;
  QLineEdit* place_;
  ChoiceButton* baud_;
  QLineEdit* host_;
  QLineEdit* networkPort_;
  QLineEdit* name_;
  ChoiceButton* model_;
  QPushButton* ok_;
};

}  // namespace sealift

// Names, mode, look and place of this station.
#pragma once

#include "app/services/station.h"
#include "ui/style/theme.h"
#include "ui/views/page.h"

class QButtonGroup;
class QCheckBox;
class QLineEdit;
class QSpinBox;

namespace sealift {

class Banner;
class KeyValueGrid;
class TextLabel;

class SettingsPage final : public Page {
  Q_OBJECT

 public:
  SettingsPage(Station& station, Theme& theme, QWidget* parent = nullptr);

 Q_SIGNALS:
  void themeChosen(ThemeChoice choice);

 private:
  void buildStation(QVBoxLayout* layout);
  void buildMode(QVBoxLayout* layout);
  void buildNetwork(QVBoxLayout* layout);
  void buildQueue(QVBoxLayout* layout);
  void saveQueue();
  void buildAppearance(QVBoxLayout* layout);
  void buildData(QVBoxLayout* layout);
  void load();
  void updateSave();
  void save();

  Station& station_;
  Theme& theme_;
  Banner* message_;
  QLineEdit* name_;
  QLineEdit* operator_;
  QPushButton* save_;
  QButtonGroup* mode_;
  QCheckBox* offline_;
  QCheckBox* search_;
  TextLabel* offlineNote_;
  QSpinBox* limitAll_;
  QSpinBox* limitHub_;
  QSpinBox* limitAdapter_;
  QSpinBox* limitHost_;
  QLineEdit* window_;
  QPushButton* saveQueue_;
  QButtonGroup* appearance_;
  KeyValueGrid* data_;
};

}  // namespace sealift

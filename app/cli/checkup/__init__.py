"""What is looked at when somebody asks whether an installation is well (I2)."""

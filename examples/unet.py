# A three-level U-Net for binary masks, with a sigmoid at the output.
import torch
import torch.nn as nn


def double_conv(in_ch, out_ch):
    return nn.Sequential(
        nn.Conv2d(in_ch, out_ch, 3, padding=1),
        nn.BatchNorm2d(out_ch),
        nn.ReLU(inplace=True),
        nn.Conv2d(out_ch, out_ch, 3, padding=1),
        nn.BatchNorm2d(out_ch),
        nn.ReLU(inplace=True),
    )


class UNet(nn.Module):
    def __init__(self, in_ch=3, out_ch=1, base=8):
        super().__init__()
        self.down1 = double_conv(in_ch, base)
        self.down2 = double_conv(base, base * 2)
        self.bottom = double_conv(base * 2, base * 4)
        self.pool = nn.MaxPool2d(2)
        self.up2 = nn.ConvTranspose2d(base * 4, base * 2, 2, stride=2)
        self.dec2 = double_conv(base * 4, base * 2)
        self.up1 = nn.ConvTranspose2d(base * 2, base, 2, stride=2)
        self.dec1 = double_conv(base * 2, base)
        self.out = nn.Conv2d(base, out_ch, 1)

    def forward(self, x):
        d1 = self.down1(x)
        d2 = self.down2(self.pool(d1))
        u = self.bottom(self.pool(d2))
        u = self.dec2(torch.cat([self.up2(u), d2], dim=1))
        u = self.dec1(torch.cat([self.up1(u), d1], dim=1))
        return torch.sigmoid(self.out(u))


if __name__ == "__main__":
    masks = UNet()(torch.rand(2, 3, 64, 64))
    print(masks.min(), masks.max())
